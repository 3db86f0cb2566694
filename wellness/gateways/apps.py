from datetime import datetime

from django.apps import AppConfig


class GatewaysConfig(AppConfig):
    name = "wellness.gateways"
    label = "wellness_gateways"
    verbose_name = "Gateways"

    def ready(self) -> None:
        from wellness.gateways.models import Takeout, TakeoutQuerySet
        from wellness.gateways.takeout.services import make
        from wellness.work.kinds import Kind, register

        def due(now: datetime) -> TakeoutQuerySet:
            return Takeout.objects.due(now)

        register(Kind("takeout", "bulk", due, make))
