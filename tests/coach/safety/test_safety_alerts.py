"""The crisis path: an answer that meets a safety rule reaches a human and silences the coach, at once."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from coach.safety import services
from coach.safety.guards import blocking
from coach.safety.models import Alert, Hold
from coach.safety.services import acknowledge, raise_alert, resolve
from phenotyping.surveys.instruments import load_instruments
from phenotyping.surveys.models import Answer, Instrument
from phenotyping.surveys.services import answer
from tests.factories.coaching import TUESDAY
from tests.factories.phone import local
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment

NOON = local(TUESDAY, "12:00")
HOUR = timedelta(hours=1)


def _support(ada: Enrollment, wish: int | None, now: datetime = NOON) -> Answer:
    load_instruments()
    sheet = Instrument.objects.get(slug="check-in")
    return answer(
        enrollment=ada,
        instrument=sheet,
        public_id=uuid4(),
        values={"support": wish},
        recorded_at=now,
        now=now,
    )


def test_an_ordinary_answer_alarms_nobody(ada: Enrollment) -> None:
    for wish in (0, None):
        _support(ada, wish)
    assert not Alert.objects.exists()
    assert blocking(ada, NOON) == []


@pytest.mark.parametrize(("wish", "severity", "minutes"), [(1, "moderate", 240), (2, "imminent", 15)])
def test_a_safety_item_raises_an_alert_and_a_hold(
    ada: Enrollment, wish: int, severity: str, minutes: int
) -> None:
    given = _support(ada, wish)
    alert = Alert.objects.get()
    assert (alert.severity, alert.source) == (severity, f"answer:{given.public_id}")
    assert alert.due_at == NOON + timedelta(minutes=minutes)
    assert Hold.objects.get().kind == Hold.Kind.CRISIS
    assert blocking(ada, NOON) == ["crisis_hold"]
    assert "crisis_hold" not in blocking(ada, NOON + 24 * HOUR)


def test_answer_alert_and_hold_stand_or_fall_together(
    ada: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise OSError

    monkeypatch.setattr(services, "hold", broken)
    with pytest.raises(OSError):
        _support(ada, 2)
    assert (Answer.objects.count(), Alert.objects.count(), Hold.objects.count()) == (0, 0, 0)


def test_a_second_answer_reopens_and_only_gets_graver(ada: Enrollment, bea: User) -> None:
    _support(ada, 1)
    alert = Alert.objects.get()
    acknowledge(alert=alert, user=bea, now=NOON + HOUR)
    graver = _support(ada, 2, NOON + 2 * HOUR)
    alert.refresh_from_db()
    assert Alert.objects.count() == 1
    assert (alert.severity, alert.acknowledged_at, alert.acknowledged_by) == ("imminent", None, None)
    assert (alert.due_at, alert.raised_at) == (NOON + 2 * HOUR + timedelta(minutes=15), NOON)
    assert alert.source == f"answer:{graver.public_id}"
    _support(ada, 1, NOON + 3 * HOUR)
    alert.refresh_from_db()
    assert alert.severity == "imminent"
    assert alert.due_at == NOON + 2 * HOUR + timedelta(minutes=15)


def test_acknowledged_is_not_resolved(ada: Enrollment, bea: User, dot: User) -> None:
    _support(ada, 2)
    alert = Alert.objects.get()
    acknowledge(alert=alert, user=bea, now=NOON + HOUR)
    acknowledge(alert=alert, user=dot, now=NOON + 2 * HOUR)
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.acknowledged_at) == (bea, NOON + HOUR)
    assert Alert.objects.open().count() == 1


@pytest.mark.parametrize("said", ["", "  ", "x" * 201])
def test_resolving_needs_a_disposition(ada: Enrollment, bea: User, said: str) -> None:
    _support(ada, 2)
    alert = Alert.objects.get()
    with pytest.raises(Refusal, match="disposition_missing"):
        resolve(alert=alert, user=bea, disposition=said, now=NOON + HOUR)
    assert Alert.objects.open().exists()
    resolve(alert=alert, user=bea, disposition=" Called; safe; visit on Friday. ", now=NOON + HOUR)
    alert.refresh_from_db()
    assert (alert.disposition, alert.resolved_at) == ("Called; safe; visit on Friday.", NOON + HOUR)
    assert alert.acknowledged_by == bea


def test_a_new_cause_after_resolution_is_a_new_alert(ada: Enrollment, bea: User) -> None:
    _support(ada, 2)
    resolve(alert=Alert.objects.get(), user=bea, disposition="Called.", now=NOON + HOUR)
    _support(ada, 1, NOON + 2 * HOUR)
    assert Alert.objects.count() == 2
    assert Alert.objects.open().get().severity == "moderate"


def test_alerts_of_other_rules_stand_apart(ada: Enrollment) -> None:
    _support(ada, 2)
    raise_alert(enrollment=ada, rule="silent-phone", severity="low", source="sweep", now=NOON)
    assert Alert.objects.open().count() == 2


def test_who_did_what_is_on_record(ada: Enrollment, bea: User) -> None:
    _support(ada, 2)
    resolve(alert=Alert.objects.get(), user=bea, disposition="Called.", now=NOON + HOUR)
    chain = AuditEntry.objects.filter(chain=f"enrollment:{ada.public_id}").order_by("seq")
    entries = list(chain.values_list("action", "actor"))
    assert entries[-4:] == [
        ("alert.raise", "system"),
        ("hold.set", "system"),
        ("alert.acknowledge", str(bea.public_id)),
        ("alert.resolve", str(bea.public_id)),
    ]
