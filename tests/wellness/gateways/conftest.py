"""A life of which a copy is made, and the copy."""

import io
import zipfile
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from coach.decisions.models import Decision
from phenotyping.surveys.instruments import load_instruments
from phenotyping.surveys.models import Instrument
from phenotyping.surveys.services import answer, correct
from tests.factories import coaching
from tests.factories.phone import battery, upload
from wellness.gateways.models import Takeout
from wellness.gateways.takeout import pieces, services
from wellness.studies.models import Device, Enrollment
from wellness.work.kinds import drain, run_one

NOTE = "a sentence that only ada wrote"


@pytest.fixture
def lived(ada: Enrollment, device: tuple[Device, str]) -> Decision:
    """Ada's phone sent the same hours twice, she answered and corrected, and a rule decided."""
    load_instruments()
    coaching.rule(ada.study, **coaching.ALWAYS)
    at = coaching.slot()
    for _ in range(2):
        upload(device[0], at, battery=battery(at - timedelta(hours=6), at))
    given = answer(
        enrollment=ada,
        instrument=Instrument.objects.get(slug="check-in"),
        public_id=uuid4(),
        values={"mood": 7},
        recorded_at=at,
        now=at,
    )
    correct(original=given, public_id=uuid4(), values={"mood": 3}, reason=NOTE, now=at)
    made = coaching.decided(ada)
    drain(at + timedelta(days=1), "day", "twin")
    return made


def copied(ada: Enrollment) -> tuple[Takeout, zipfile.ZipFile]:
    """A copy made by one run, and what is in it."""
    asked = services.ask(enrollment=ada, actor=ada.user.actor, now=timezone.now())
    assert run_one("takeout", asked.pk, timezone.now())
    made = Takeout.objects.select_related("enrollment__study").get(pk=asked.pk)
    return made, zipfile.ZipFile(io.BytesIO(b"".join(pieces.read(made))))
