"""Handed out and taken over: the same rights, whatever they are."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from tests.factories import JOINED_AT
from tests.wellness.gateways.fhir.conftest import NOW, resources, rights
from wellness.consent.models import Action, ConsentDocument
from wellness.consent.purposes import PURPOSES, Scope
from wellness.consent.services import grant, withdraw
from wellness.consent.verification import verify, verify_person
from wellness.gateways.fhir.reading import read_bundle, take_over
from wellness.gateways.fhir.writing import consent_bundle
from wellness.lib.canonical import digest
from wellness.studies.models import Enrollment, Study

ROUND_TRIPS = int(os.environ.get("ROUND_TRIPS", "8"))


def test_a_round_trip_gives_the_same_rights_with_evidence(
    ada: Enrollment, eve: Enrollment, public: Callable[[], Any]
) -> None:
    bundle = json.loads(json.dumps(consent_bundle(ada, now=NOW)))
    taken = read_bundle(bundle, public=public(), now=NOW)
    [event] = take_over(eve, taken, now=NOW)
    assert rights(eve) == rights(ada)
    assert (event.action, event.capacity) == (Action.IMPORT, "staff")
    [consent] = resources(bundle, "Consent")
    assert event.evidence["sha256"] == digest(consent)
    assert event.evidence["source"] == f"urn:uuid:{ada.study.public_id}"
    assert take_over(eve, taken, now=NOW) == []
    assert verify() is None


@dataclass(frozen=True)
class Yes:
    scopes: frozenset[Scope]
    covers_min: int
    days: int | None


SCOPES = st.sets(
    st.tuples(st.sampled_from(sorted(PURPOSES)), st.sampled_from(["gps", "screen", "survey"])), min_size=1
).map(frozenset)
YESES = st.lists(
    st.builds(Yes, SCOPES, st.sampled_from([0, 0, 60, 9_000]), st.sampled_from([None, None, 2, 5, 90])),
    max_size=5,
)


@settings(
    max_examples=ROUND_TRIPS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(yeses=YESES, taken_back=st.none() | SCOPES)
def test_whatever_is_agreed_to_comes_over_as_it_is(
    there: Study,
    study: Study,
    public: Callable[[], Any],
    yeses: list[Yes],
    taken_back: frozenset[Scope] | None,
) -> None:
    with transaction.atomic():
        before = factories.enrollment(study, "before")
        after = factories.enrollment(there, "after", joined_at=NOW)
        document = study.consent_documents.first() or factories.consent_document(study)
        perform(before, document, yeses, taken_back)
        bundle = json.loads(json.dumps(consent_bundle(before, now=NOW)))
        take_over(after, read_bundle(bundle, public=public(), now=NOW), now=NOW)
        assert rights(after) == rights(before)
        assert verify_person(after) is None
        transaction.set_rollback(True)


def perform(
    person: Enrollment, document: ConsentDocument, yeses: list[Yes], taken_back: frozenset[Scope] | None
) -> None:
    for n, yes in enumerate(yeses):
        now = JOINED_AT + timedelta(minutes=n)
        grant(
            enrollment=person,
            document=document,
            scopes=yes.scopes,
            now=now,
            covers_from=now - timedelta(minutes=yes.covers_min),
            until=None if yes.days is None else JOINED_AT + timedelta(days=yes.days),
        )
    if yeses and taken_back is not None:
        withdraw(enrollment=person, now=JOINED_AT + timedelta(hours=1), scopes=taken_back)
