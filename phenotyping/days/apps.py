from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from phenotyping.days.models import DayQuerySet


class DaysConfig(AppConfig):
    name = "phenotyping.days"
    label = "phenotyping_days"
    verbose_name = "Days"

    def ready(self) -> None:
        from phenotyping.days import listening, services  # noqa: PLC0415  models are ready only now
        from phenotyping.days.models import Day  # noqa: PLC0415
        from wellness.work.kinds import Kind, register  # noqa: PLC0415

        def due(now: datetime) -> DayQuerySet:
            return Day.objects.due(now)

        listening.start()
        register(Kind("day", "compute", due, services.compute))
