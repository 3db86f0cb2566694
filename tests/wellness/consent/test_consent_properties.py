"""Whatever people grant and withdraw, in whatever order: the table is what the events amount to."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from tests.factories import JOINED_AT
from wellness.consent import gate
from wellness.consent.events import Period
from wellness.consent.models import ConsentState
from wellness.consent.purposes import Scope, prerequisites
from wellness.consent.services import grant, rebuild, withdraw
from wellness.consent.tombstones import log as tombstones
from wellness.consent.verification import verify_person
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Study

PURPOSES, STREAMS = ("collect", "store", "feature"), ("gps", "screen")
SCOPES = st.sets(st.tuples(st.sampled_from(PURPOSES), st.sampled_from(STREAMS)), min_size=1)


@dataclass(frozen=True)
class Act:
    grants: bool
    scopes: frozenset[Scope]
    everything: bool
    after_min: int
    covers_min: int


ACTS = st.lists(
    st.builds(
        Act, st.booleans(), SCOPES.map(frozenset), st.booleans(), st.integers(-5, 90), st.integers(0, 300)
    ),
    max_size=8,
)


def perform(person: Enrollment, acts: list[Act]) -> datetime:
    """The instant after the last act."""
    document, now = person.study.consent_documents.get(), JOINED_AT
    for act in acts:
        now += timedelta(minutes=act.after_min)  # now and then the server's clock steps back
        since = now - timedelta(minutes=act.covers_min)
        if act.grants:
            grant(enrollment=person, document=document, scopes=act.scopes, now=now, covers_from=since)
        else:
            try:
                withdraw(enrollment=person, now=now, scopes=None if act.everything else act.scopes)
            except Refusal as refusal:
                assert refusal.code == "nothing_granted"
    return now


def model(acts: list[Act]) -> set[Scope]:
    """What is in force after the acts, reckoned as plainly as can be."""
    held: set[Scope] = set()
    for act in acts:
        held = held | act.scopes if act.grants else set() if act.everything else held - act.scopes
    return held


def stored(person: Enrollment) -> set[Period]:
    fields = ("purpose", "stream", "document_id", "event_id", "valid_from", "valid_to", "covers_from")
    return {Period(**row) for row in ConsentState.objects.filter(enrollment=person).values(*fields)}


@pytest.fixture
def bo(study: Study) -> Enrollment:
    """A participant who has agreed to nothing yet; the study's document is in force since a day before."""
    factories.consent_document(study, JOINED_AT - timedelta(days=1))
    return factories.enrollment(study, "bo")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_rebuilding_from_events_equals_the_table_and_the_gate_obeys(bo: Enrollment, acts: list[Act]) -> None:
    with transaction.atomic():
        person = Enrollment.objects.get(pk=bo.pk)
        later = perform(person, acts) + timedelta(days=1)
        held = model(acts)
        assert set(rebuild(person)) == stored(person)
        assert verify_person(person) is None
        assert {(p.purpose, p.stream) for p in stored(person) if p.valid_to is None} == held
        for purpose in PURPOSES:
            needed = prerequisites(purpose)
            effective = {stream for stream in STREAMS if {(step, stream) for step in needed} <= held}
            permits = gate.permitted(person, purpose, STREAMS, at=later)
            assert set(permits) == effective
            standing = gate.standing(person, purpose, STREAMS, at=later)
            assert (standing.permits, standing.windows) == (permits, gate.periods(person, purpose, STREAMS))
            assert standing.epoch == person.consent_epoch or not any(standing.windows.values())
        transaction.set_rollback(True)
    tombstones.path().unlink(missing_ok=True)  # outside the database, so no rollback takes it back
