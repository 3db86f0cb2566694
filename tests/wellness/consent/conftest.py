"""A participant who has agreed to nothing yet, what consent does by the clock, and what a restore loses."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from tests import factories
from wellness.consent import gate
from wellness.consent.models import ConsentDocument
from wellness.consent.purposes import COLLECT, CONSENT_STREAMS
from wellness.studies.models import Enrollment, Study
from wellness.work.kinds import drain

Allowed = Callable[..., set[str]]
Capture = Callable[..., Any]


@pytest.fixture
def document(study: Study) -> ConsentDocument:
    return factories.consent_document(study)


@pytest.fixture
def bo(study: Study) -> Enrollment:
    """A participant who has agreed to nothing yet."""
    return factories.enrollment(study, "bo")


@pytest.fixture
def allowed() -> Allowed:
    """The streams that the gate lets through."""

    def ask(
        person: Enrollment, at: datetime, purpose: str = COLLECT, streams: Iterable[str] = CONSENT_STREAMS
    ) -> set[str]:
        return set(gate.permitted(person, purpose, streams, at=at))

    return ask


@pytest.fixture
def tick() -> Callable[[datetime], int]:
    """Do what consent has to do by the clock; how many people it was done for."""
    return lambda now: drain(now, "consent")["consent"]


@contextmanager
def lost(committed: Capture) -> Iterator[None]:
    """What is committed in the block is lost to a restore of the database; what is outside it stays."""
    before = transaction.savepoint()
    with committed(execute=True):
        yield
    transaction.savepoint_rollback(before)


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Capture) -> Capture:
    return django_capture_on_commit_callbacks
