"""Texts of people at rest: sealed under their own key, and alike only for themselves."""

import pytest
from django.db import IntegrityError, connection, transaction

from coach.safety.models import Alert, Contraindication, Hold
from coach.safety.services import hold, raise_alert, resolve
from tests import factories
from wellness.accounts.models import User
from wellness.keyring import KeyDestroyed
from wellness.studies import keys
from wellness.studies.models import Device, Enrollment
from wellness.studies.services import issue_device

TABLES = (
    "coach_safety_alert",
    "coach_safety_hold",
    "coach_safety_contraindication",
    "wellness_studies_device",
)
NOW = factories.JOINED_AT


def stored() -> str:
    with connection.cursor() as cursor:
        found = []
        for table in TABLES:
            cursor.execute(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608
            found += cursor.fetchall()
    return str(found)


@pytest.fixture
def told(ada: Enrollment, bea: User) -> Enrollment:
    """Ada, of whom something was noted wherever it can be."""
    alert = raise_alert(enrollment=ada, rule="answer", severity="low", source="answer:1", now=NOW)
    resolve(alert=alert, user=bea, disposition="kestrel called", now=NOW)
    hold(enrollment=ada, kind=Hold.Kind.CLINICIAN, now=NOW, reason="kestrel asked")
    Contraindication.objects.create(enrollment=ada, condition="kestrel-itis", since=NOW)
    issue_device(enrollment=ada, platform="ios", model_name="Ada's kestrel", now=NOW)
    return ada


def says(person: Enrollment) -> list[str]:
    return [
        Alert.objects.get(enrollment=person).disposition,
        Hold.objects.get(enrollment=person).reason,
        Contraindication.objects.get(enrollment=person).condition,
        Device.objects.get(enrollment=person, platform="ios").model_name,
    ]


SAID = ["kestrel called", "kestrel asked", "kestrel-itis", "Ada's kestrel"]


def test_what_is_noted_of_a_person_is_sealed_and_goes_with_their_key(told: Enrollment) -> None:
    assert "kestrel" not in stored()
    assert says(told) == SAID
    keys.shred(told, now=NOW)
    with pytest.raises(KeyDestroyed):
        says(told)


def test_a_condition_is_unique_for_a_person_and_tells_nobody_apart(told: Enrollment) -> None:
    other = factories.enrollment(told.study, "kim")
    Contraindication.objects.create(enrollment=other, condition="kestrel-itis", since=NOW)
    columns = Contraindication.objects.values_list("condition", flat=True)
    assert len({text[:22] for text in columns}) == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Contraindication.objects.create(enrollment=told, condition="kestrel-itis", since=NOW)
    with pytest.raises(TypeError, match="each person only"):
        Contraindication.objects.filter(condition="kestrel-itis").exists()
