from django.apps import AppConfig


class SafetyConfig(AppConfig):
    name = "coach.safety"
    label = "coach_safety"
    verbose_name = "Safety"
