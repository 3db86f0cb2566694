"""What becomes of prompts and answers when a person withdraws or leaves."""

from __future__ import annotations

from datetime import datetime

from phenotyping.surveys.models import Answer, Instrument, Prompt
from wellness.consent.erasure.registry import delete, rows_of
from wellness.consent.purposes import STORE, SURVEY, Scope
from wellness.studies.models import Enrollment

TEXT = "text"


def withdrawn(enrollment: Enrollment, revoked: frozenset[Scope], now: datetime) -> None:
    """Ask nothing more whose answer could not be kept."""
    if (STORE, SURVEY) in revoked:
        Prompt.objects.filter(enrollment=enrollment, state=Prompt.State.OPEN).update(
            state=Prompt.State.EXPIRED
        )


def drop_words(person: Enrollment, now: datetime) -> None:
    """Answers in the person's own words go; numbers and choices stay."""
    worded = [
        one.pk for one in Instrument.objects.all() if any(item.get("kind") == TEXT for item in one.items)
    ]
    delete(rows_of(Answer, "enrollment", person).filter(instrument__in=worded))
