from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "wellness.consent"
    label = "wellness_consent"
    verbose_name = "Consent"
