from datetime import datetime

from django.apps import AppConfig
from django.db import transaction


class GatewaysConfig(AppConfig):
    name = "wellness.gateways"
    label = "wellness_gateways"
    verbose_name = "Gateways"

    def ready(self) -> None:
        from wellness.consent import recipients
        from wellness.consent.erasure import registry
        from wellness.consent.hooks import on_leaving
        from wellness.gateways.models import Release, Takeout, TakeoutQuerySet
        from wellness.gateways.release.takers import takers
        from wellness.gateways.takeout import pieces
        from wellness.gateways.takeout.services import make
        from wellness.studies.models import Enrollment
        from wellness.work.kinds import Kind, register

        def due(now: datetime) -> TakeoutQuerySet:
            return Takeout.objects.due(now)

        def left(enrollment: Enrollment, now: datetime) -> None:
            Takeout.objects.filter(enrollment=enrollment).update(state=Takeout.State.GONE)
            transaction.on_commit(lambda: pieces.remove_all(enrollment), robust=True)

        def remove(enrollment: Enrollment, now: datetime) -> None:
            pieces.remove_all(enrollment)

        register(Kind("takeout", "bulk", due, make))
        on_leaving(left)
        recipients.on_withdrawal(takers)
        registry.register(registry.Step("copies", registry.Stage.OBJECTS, remove, remove, outside=True))
        registry.keeps(Release, "names members of staff by account, for data without anyone's identity")
        registry.erases(Takeout, anonymise=registry.dropping(Takeout))
