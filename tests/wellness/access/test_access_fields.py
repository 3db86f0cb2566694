"""Nobody sets more of a row than they were let: JSON is refused, forms do not listen."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from coach.delivery.models import Delivery
from coach.delivery.services import queue
from phenotyping.surveys.instruments import load_instruments
from phenotyping.surveys.models import Answer
from tests import factories
from tests.factories import coaching
from wellness.accounts.models import User
from wellness.lib.clock import to_us
from wellness.studies.models import Device, Enrollment, Membership, Role, Study

EXTRA = {"enrollment": 1, "cohort": "b", "is_staff": True, "consent_epoch": 99, "participant": "zoe"}


@pytest.fixture
def sent(ada: Enrollment) -> Delivery:
    """A suggestion that reached ada."""
    now = timezone.now()
    made = queue(enrollment=ada, message=coaching.message(), now=now, expires_at=now + timedelta(hours=2))
    Delivery.objects.filter(pk=made.pk).update(state=Delivery.State.SENT, sent_at=now)
    return made


@pytest.mark.parametrize("name", EXTRA)
def test_an_unknown_field_of_json_refuses_all_of_it(
    name: str, ada: Enrollment, device: tuple[Device, str], sent: Delivery
) -> None:
    load_instruments()
    now_ms = to_us(timezone.now()) // 1_000 - 1_000
    said: dict[str, dict[str, object]] = {
        "answers": {
            "id": str(uuid4()),
            "instrument": "check-in",
            "recorded_at": now_ms,
            "values": {"mood": 4},
        },
        f"suggestions/{sent.public_id}/response": {"response": "done", "responded_at": now_ms},
        "devices": {"code": "x", "platform": "android"},
    }
    for path, body in said.items():
        method = "PUT" if "suggestions" in path else "POST"
        answer = Client().generic(
            method,
            f"/api/v1/{path}",
            json.dumps(body | {name: EXTRA[name]}),
            content_type="application/json",
            headers={"Authorization": f"Bearer {device[1]}"},
        )
        errors = [(one["code"], one["field"]) for one in answer.json()["errors"]]
        assert (answer.status_code, errors) == (422, [("unknown_field", name)]), path
    sent.refresh_from_db()
    assert (sent.response, Answer.objects.count()) == ("", 0)


def test_a_form_sets_only_its_own_fields(ada: Enrollment, sent: Delivery) -> None:
    client = Client()
    client.force_login(ada.user)
    extra = {
        "state": "blocked",
        "enrollment": "99",
        "sent_at": "2001-01-01",
        "is_staff": "on",
        "phase": "completed",
    }
    client.post(f"/app/suggestions/{sent.public_id}/", {"response": "done"} | extra)
    sent.refresh_from_db()
    assert (sent.response, sent.state, sent.enrollment_id) == ("done", "sent", ada.pk)
    assert sent.sent_at.year > 2001
    before = (ada.phase, ada.consent_epoch, ada.study_id)
    ada.refresh_from_db()
    assert (ada.phase, ada.consent_epoch, ada.study_id) == before
    assert not User.objects.get(pk=ada.user_id).is_staff


def test_a_role_is_given_only_in_the_study_of_the_page(ada: Enrollment, study: Study) -> None:
    mel, ned = factories.staff(study, "mel", Role.ADMINISTRATOR), factories.user("ned")
    elsewhere = factories.study("inland")
    client = Client()
    client.force_login(mel)
    form = {
        "email": ned.email,
        "role": "analyst",
        "study": elsewhere.pk,
        "ended_at": "",
        "is_superuser": "on",
    }
    assert client.post("/console/harbour/team/", form).status_code == 302
    held = Membership.objects.get(user=ned)
    assert (held.study, held.role) == (study, "analyst")
    form |= {"role": "clinician", "site": elsewhere.sites.get().pk}
    assert client.post("/console/harbour/team/", form).status_code == 422
    assert not User.objects.get(pk=ned.pk).is_superuser
