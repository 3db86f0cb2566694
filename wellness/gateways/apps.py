from django.apps import AppConfig


class GatewaysConfig(AppConfig):
    name = "wellness.gateways"
    label = "wellness_gateways"
    verbose_name = "Gateways"
