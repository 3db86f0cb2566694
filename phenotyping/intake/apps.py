from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "phenotyping.intake"
    label = "phenotyping_intake"
    verbose_name = "Intake"
