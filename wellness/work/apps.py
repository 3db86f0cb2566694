from django.apps import AppConfig


class WorkConfig(AppConfig):
    name = "wellness.work"
    label = "wellness_work"
    verbose_name = "Work"
