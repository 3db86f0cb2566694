"""What the person said, what was measured of them, and what the twin concluded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from phenotyping.days.gaps import gaps
from phenotyping.days.models import Day
from phenotyping.days.services import opened as opened_day
from phenotyping.features.registry import REGISTRY
from phenotyping.streams.catalogue import STREAMS
from phenotyping.surveys.models import Answer, Prompt
from phenotyping.surveys.selectors import own_answers
from phenotyping.surveys.services import opened, reason_of
from phenotyping.twins.models import Forecast, Twin
from phenotyping.twins.sealed import opened_state, opened_week
from wellness.lib.clock import from_us
from wellness.studies.models import Enrollment


def answers(person: Enrollment, now: datetime) -> list[dict[str, Any]]:
    """Every questionnaire the person filled in, corrected ones too, newest first."""
    return [_answer(row) for row in own_answers(person).select_related("replaces").iterator()]


def prompts(person: Enrollment, now: datetime) -> list[dict[str, Any]]:
    """When the person was asked."""
    told = ("public_id", "instrument__slug", "on", "opens_at", "closes_at", "state")
    return list(Prompt.objects.filter(enrollment=person).order_by("opens_at").values(*told))


def days(person: Enrollment, now: datetime) -> list[dict[str, Any]]:
    """One row a day and measure: value, unit, how much was observed, and why not."""
    return [
        {
            "on": day.on,
            "zone": day.zone,
            "measure": name,
            "about": REGISTRY[name].label if name in REGISTRY else name,
            "value": one.value,
            "unit": REGISTRY[name].unit if name in REGISTRY else "",
            "observed_min": one.observed_min,
            "expected_min": one.expected_min,
            "missing_because": one.reason,
            "feature_set": day.feature_set,
            "computed_at": day.computed_at,
        }
        for day in Day.objects.computed().filter(enrollment=person)
        for name, one in opened_day(person, day).items()
    ]


def missing(person: Enrollment, now: datetime) -> list[dict[str, Any]]:
    """Every stretch without data, by stream, with its cause."""
    first = Day.objects.computed().filter(enrollment=person).first()
    if first is None:
        return []
    found = gaps(person, STREAMS, first.starts_at, now, purpose=None, now=now)
    return [
        {
            "stream": gap.stream,
            "from_at": from_us(gap.start_us),
            "until_at": from_us(gap.end_us),
            "cause": gap.cause,
        }
        for gap in found
    ]


def twin(person: Enrollment, now: datetime) -> dict[str, Any] | None:
    """The personal model: what was inferred from the days; None before there is one."""
    row = Twin.objects.filter(enrollment=person).first()
    if row is None:
        return None
    return {
        "stage": row.stage,
        "fitted_at": row.fitted_at,
        "model_version": row.model_version,
        "n_days": row.n_days,
        "variables": opened_state(person, row),
    }


def forecasts(person: Enrollment, now: datetime) -> list[dict[str, Any]]:
    """What the twin expected, each with the day it was made from."""
    return [
        {
            "origin_on": row.origin_on,
            "made_at": row.made_at,
            "model_version": row.model_version,
            "variables": opened_week(person, row),
        }
        for row in Forecast.objects.filter(enrollment=person).order_by("made_at").iterator()
    ]


def _answer(row: Answer) -> dict[str, Any]:
    values = opened(row)
    return {
        "id": row.public_id,
        "questionnaire": row.instrument.slug,
        "version": row.instrument.version,
        "recorded_at": row.recorded_at,
        "received_at": row.received_at,
        "replaces": row.replaces.public_id if row.replaces else None,
        "corrected_because": reason_of(row) or None,
        "items": [
            {"question": item["text"], "answer": values[item["id"]], "id": item["id"]}
            for item in row.instrument.items
        ],
    }
