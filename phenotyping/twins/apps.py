from datetime import date, datetime

from django.apps import AppConfig
from django.db.models import F


class TwinsConfig(AppConfig):
    name = "phenotyping.twins"
    label = "phenotyping_twins"
    verbose_name = "Twins"

    def ready(self) -> None:
        from phenotyping.days import hooks
        from phenotyping.twins import refitting, services
        from phenotyping.twins.models import CohortRefit, Forecast, Twin, TwinQuerySet
        from wellness.consent import hooks as consent_hooks
        from wellness.consent.erasure import registry
        from wellness.consent.erasure.registry import erases
        from wellness.studies.models import Enrollment
        from wellness.work.kinds import Kind, register

        def due(now: datetime) -> TwinQuerySet:
            return Twin.objects.due(now)

        def day_computed(enrollment: Enrollment, on: date, now: datetime) -> None:
            services.mark_stale(enrollment=enrollment, now=now)

        def left(enrollment: Enrollment, now: datetime) -> None:
            Twin.objects.filter(enrollment=enrollment).update(computed_seq=F("stale_seq"))

        hooks.on_computed(day_computed)
        consent_hooks.on_leaving(left)
        registry.register(
            registry.Step("group models", registry.Stage.ROWS, refitting.lender_left, refitting.lender_left)
        )
        erases(Twin)
        erases(Forecast)
        consent_hooks.on_withdrawal(services.consent_withdrawn)
        consent_hooks.on_withdrawal(refitting.consent_withdrawn)
        register(Kind("twin", "compute", due, services.fit))
        register(Kind(refitting.KIND, "bulk", CohortRefit.objects.due, refitting.run))
