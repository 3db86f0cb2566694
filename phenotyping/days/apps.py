from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.db.models import F

if TYPE_CHECKING:
    from phenotyping.days.models import DayQuerySet


class DaysConfig(AppConfig):
    name = "phenotyping.days"
    label = "phenotyping_days"
    verbose_name = "Days"

    def ready(self) -> None:
        from phenotyping.days import listening, services
        from phenotyping.days.models import Day
        from wellness.consent.erasure import anonymity
        from wellness.consent.erasure.registry import erases
        from wellness.consent.hooks import on_leaving
        from wellness.studies.models import Enrollment
        from wellness.work.kinds import Kind, register

        def due(now: datetime) -> DayQuerySet:
            return Day.objects.due(now)

        def left(enrollment: Enrollment, now: datetime) -> None:
            Day.objects.filter(enrollment=enrollment).update(computed_seq=F("stale_seq"))

        listening.start()
        on_leaving(left)

        def drop_rare_zone(person: Enrollment, now: datetime) -> None:
            if anonymity.is_rare(person):
                Day.objects.filter(enrollment=person).update(zone="")

        erases(Day, anonymise=drop_rare_zone)
        register(Kind("day", "compute", due, services.compute, slows_uploads=True))
