"""Two installations, and what consent decides in each."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.factories import JOINED_AT
from wellness.consent import gate
from wellness.consent.force import in_force
from wellness.consent.purposes import CONSENT_STREAMS, PURPOSES
from wellness.gateways.fhir.reading import keys_in
from wellness.studies.models import Enrollment, Study

NOW = JOINED_AT + timedelta(days=3)
Bundle = dict[str, Any]


@pytest.fixture
def there(study: Study) -> Study:
    """Another installation's study, with a document of the same words."""
    made = factories.study("cove")
    factories.consent_document(made)
    return made


@pytest.fixture
def eve(there: Study) -> Enrollment:
    """Who comes to the other installation: the same person, who has agreed to nothing there."""
    return factories.enrollment(there, "eve", joined_at=NOW)


@pytest.fixture
def public(db: None) -> Callable[[], Any]:
    """The keys, as they are published."""
    return lambda: keys_in(Client().get("/.well-known/consent-keys.json").json())


def resources(bundle: Bundle, kind: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def rights(person: Enrollment, at: datetime = NOW) -> dict[str, Any]:
    """All that consent decides: the switches, what the gate lets through, and for data of which time."""
    person = Enrollment.objects.get(pk=person.pk)
    streams = (*CONSENT_STREAMS, "*")
    return {
        "switches": {
            (row.purpose, row.stream, row.party): row.expires_at for row in in_force(person, now=at)
        },
        "permitted": {purpose: set(gate.permitted(person, purpose, streams, at=at)) for purpose in PURPOSES},
        "covered": {
            purpose: {s: [w for w in windows if w[1] is None or w[1] > at] for s, windows in found.items()}
            for purpose in PURPOSES
            for found in [gate.periods(person, purpose, streams)]
        },
    }
