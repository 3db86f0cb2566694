"""What makes days stale: stored samples, new answers, changed consent, another time zone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F
from django.db.models.signals import post_delete, post_save

from phenotyping.days.models import Day
from phenotyping.days.stale import Span, mark_stale, recut
from phenotyping.intake import hooks as intake_hooks
from phenotyping.surveys import hooks as survey_hooks
from phenotyping.surveys.instruments import Values
from phenotyping.surveys.models import Answer
from wellness.consent import hooks as consent_hooks
from wellness.consent.purposes import FEATURE, Scope, prerequisites
from wellness.lib.clock import ZoneHistory
from wellness.studies.models import Enrollment, ZoneChange


def start() -> None:
    """Listen to the rooms below."""
    intake_hooks.on_stored(_samples_stored)
    survey_hooks.on_answer(_answer_stored)
    consent_hooks.on_withdrawal(_consent_moved)
    consent_hooks.on_grant(_consent_moved)
    post_save.connect(_zone_changed, sender=ZoneChange)
    post_delete.connect(_zone_changed, sender=ZoneChange)


def _samples_stored(enrollment: Enrollment, spans: Sequence[Span], zones: ZoneHistory) -> None:
    mark_stale(enrollment=enrollment, spans=spans, zones=zones)


def _answer_stored(answer: Answer, values: Values, now: datetime) -> None:
    person, at = answer.enrollment, answer.recorded_at
    mark_stale(enrollment=person, spans=[(at, at)], zones=person.zones())


def _consent_moved(enrollment: Enrollment, scopes: frozenset[Scope], now: datetime) -> None:
    """Every day is computed again from what is permitted now, those given up for dead included."""
    if any(purpose in prerequisites(FEATURE) for purpose, _ in scopes):
        days = Day.objects.filter(enrollment=enrollment)
        days.update(stale_seq=F("stale_seq") + 1, attempts=0, run_after=F("starts_at"))


def _zone_changed(instance: ZoneChange, **_: Any) -> None:
    # Read afresh: the instance may carry an enrollment that remembers its earlier zones.
    recut(enrollment=Enrollment.objects.get(pk=instance.enrollment_id))
