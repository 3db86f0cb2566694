"""Texts of people at rest: sealed under their own key, and alike only for themselves."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
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


@pytest.mark.parametrize("forgotten", [False, True])
def test_rows_from_before_are_sealed_and_come_back(told: Enrollment, forgotten: bool) -> None:
    editor: Any = SimpleNamespace(connection=connection)
    turns = [
        import_module("coach.safety.migrations.0003_sealed_texts").turn,
        import_module("wellness.studies.migrations.0006_sealed_model_name").turn,
    ]
    for turn in turns:
        turn(apps, editor, back=True)
    assert stored().count("kestrel") == 4
    if forgotten:
        keys.shred(told, now=NOW)
    for turn in turns:
        turn(apps, editor)
    assert "kestrel" not in stored()
    assert says(told) == ([""] * 4 if forgotten else SAID)
    if not forgotten:
        with pytest.raises(IntegrityError):
            Contraindication.objects.create(enrollment=told, condition="kestrel-itis", since=NOW)
