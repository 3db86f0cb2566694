from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "wellness.web"
    label = "wellness_web"
    verbose_name = "Pages"
