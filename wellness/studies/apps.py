from django.apps import AppConfig


class StudiesConfig(AppConfig):
    name = "wellness.studies"
    label = "wellness_studies"
    verbose_name = "Studies"
