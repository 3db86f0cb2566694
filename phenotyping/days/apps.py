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
        from phenotyping.days import listening, services
        from phenotyping.days.models import Day
        from wellness.work.kinds import Kind, register

        def due(now: datetime) -> DayQuerySet:
            return Day.objects.due(now)

        listening.start()
        register(Kind("day", "compute", due, services.compute, slows_uploads=True))
