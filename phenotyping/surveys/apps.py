from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "phenotyping.surveys"
    label = "phenotyping_surveys"
    verbose_name = "Surveys"
