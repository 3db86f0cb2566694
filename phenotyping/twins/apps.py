from django.apps import AppConfig


class TwinsConfig(AppConfig):
    name = "phenotyping.twins"
    label = "phenotyping_twins"
    verbose_name = "Twins"
