"""Keeping a person's shelf up to date while uploads come in."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import BigIntegerField, Case, DateField, F, Value, When
from django.db.models.functions import Coalesce

from phenotyping.intake.models import Shelf
from phenotyping.intake.models.shelf import ShelfQuerySet
from wellness.prepared import Given, Update
from wellness.studies.models import Enrollment


def _of_today() -> ShelfQuerySet:
    return Shelf.objects.filter(
        enrollment_id=Given("person", BigIntegerField()), bytes_on=Given("on", DateField())
    )


_MORE = F("n_bytes_on") + Given("n_bytes", BigIntegerField())
_KNOWN = Update(_of_today, n_bytes_on=_MORE)
_WAITING = Update(lambda: _of_today().filter(fragments_at__isnull=False), n_bytes_on=_MORE)


def note(person: Enrollment, *, n_bytes: int, fragments: bool, now: datetime) -> None:
    """Count what came in today and, where it left fragments, since when they wait; under their lock."""
    on = now.astimezone(UTC).date()
    usual = _WAITING if fragments else _KNOWN
    if usual.run(person=person.pk, on=on, n_bytes=n_bytes):
        return
    changes = {
        "n_bytes_on": Case(When(bytes_on=on, then=F("n_bytes_on") + n_bytes), default=Value(n_bytes)),
        "bytes_on": on,
    }
    if fragments:
        changes["fragments_at"] = Coalesce("fragments_at", Value(now))
    if Shelf.objects.filter(enrollment=person).update(**changes) == 0:
        waiting = now if fragments else None
        Shelf.objects.create(
            enrollment=person, bytes_on=on, n_bytes_on=n_bytes, fragments_at=waiting, run_after=now
        )
