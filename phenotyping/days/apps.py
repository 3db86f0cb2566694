from django.apps import AppConfig


class DaysConfig(AppConfig):
    name = "phenotyping.days"
    label = "phenotyping_days"
    verbose_name = "Days"
