from datetime import date, datetime

from django.apps import AppConfig


class TwinsConfig(AppConfig):
    name = "phenotyping.twins"
    label = "phenotyping_twins"
    verbose_name = "Twins"

    def ready(self) -> None:
        from phenotyping.days import hooks
        from phenotyping.twins import services
        from phenotyping.twins.models import Twin, TwinQuerySet
        from wellness.consent import hooks as consent_hooks
        from wellness.studies.models import Enrollment
        from wellness.work.kinds import Kind, register

        def due(now: datetime) -> TwinQuerySet:
            return Twin.objects.due(now)

        def day_computed(enrollment: Enrollment, on: date, now: datetime) -> None:
            services.mark_stale(enrollment=enrollment, now=now)

        hooks.on_computed(day_computed)
        consent_hooks.on_withdrawal(services.consent_withdrawn)
        register(Kind("twin", "compute", due, services.fit))
