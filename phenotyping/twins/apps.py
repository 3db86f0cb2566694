from datetime import date, datetime

from django.apps import AppConfig


class TwinsConfig(AppConfig):
    name = "phenotyping.twins"
    label = "phenotyping_twins"
    verbose_name = "Twins"

    def ready(self) -> None:
        from phenotyping.days import hooks  # noqa: PLC0415  models are ready only now
        from phenotyping.twins import services  # noqa: PLC0415
        from phenotyping.twins.models import Twin, TwinQuerySet  # noqa: PLC0415
        from wellness.consent import hooks as consent_hooks  # noqa: PLC0415
        from wellness.studies.models import Enrollment  # noqa: PLC0415
        from wellness.work.kinds import Kind, register  # noqa: PLC0415

        def due(now: datetime) -> TwinQuerySet:
            return Twin.objects.due(now)

        def day_computed(enrollment: Enrollment, on: date, now: datetime) -> None:
            services.mark_stale(enrollment=enrollment, now=now)

        hooks.on_computed(day_computed)
        consent_hooks.on_withdrawal(services.consent_withdrawn)
        register(Kind("twin", "compute", due, services.fit))
