from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    name = "coach.decisions"
    label = "coach_decisions"
    verbose_name = "Decisions"
