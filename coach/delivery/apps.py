from datetime import datetime

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "coach.delivery"
    label = "coach_delivery"
    verbose_name = "Delivery"

    def ready(self) -> None:
        from coach.delivery import services
        from coach.delivery.models import Delivery, DeliveryQuerySet
        from wellness.consent import hooks
        from wellness.consent.erasure.registry import erases
        from wellness.consent.purposes import INTERVENE, Scope
        from wellness.studies.models import Enrollment
        from wellness.work.kinds import Kind, register

        def due(now: datetime) -> DeliveryQuerySet:
            return Delivery.objects.due(now)

        def withdrawn(enrollment: Enrollment, revoked: frozenset[Scope], now: datetime) -> None:
            if any(purpose == INTERVENE for purpose, _ in revoked):
                services.cancel_pending(enrollment=enrollment)

        def left(enrollment: Enrollment, now: datetime) -> None:
            services.cancel_pending(enrollment=enrollment)

        hooks.on_withdrawal(withdrawn)
        hooks.on_leaving(left)
        erases(Delivery)
        hooks.on_pause(withdrawn)
        register(Kind("delivery", "decide", due, services.send))
