"""Where a person is: their zone history follows what their phones state, in whatever order that is heard."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max

from phenotyping.intake.models import Upload
from wellness.lib.clock import ZoneHistory
from wellness.studies.models import Enrollment
from wellness.studies.services import settle_zone


def follow(person: Enrollment, known: ZoneHistory, zone: str, stated_at: datetime) -> ZoneHistory:
    """The zone history brought from `known` to what follows from all statements, now that `zone` was stated.

    A statement changes the zone when another one was in force just before it; so a new one decides about
    itself and about the next one. Of several at one instant the last by name counts, whichever came first.
    The caller holds the person's lock.
    """
    if known.starts[0] <= stated_at and stated_at not in known.starts and known.at(stated_at) == zone:
        return known
    stated = Upload.objects.filter(enrollment=person, stated_at__gte=stated_at).values("stated_at")
    by_instant = stated.annotate(said=Max("zone")).order_by("stated_at")
    for at, said in by_instant.values_list("stated_at", "said")[:2]:
        if at is not None:
            settle_zone(enrollment=person, zone=said, from_at=at)
    return person.zones()
