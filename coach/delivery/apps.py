from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "coach.delivery"
    label = "coach_delivery"
    verbose_name = "Delivery"
