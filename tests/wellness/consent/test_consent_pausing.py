from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from tests import factories
from tests.factories import COVERED_FROM, JOINED_AT
from wellness.accounts.models import User
from wellness.consent import gate, hooks
from wellness.consent.models import ConsentDocument, ConsentState
from wellness.consent.pausing import pause, resume
from wellness.consent.purposes import PURPOSES, STREAMLESS, Scope
from wellness.consent.services import grant, withdraw
from wellness.consent.signatures import Signing
from wellness.consent.verification import verify_person
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Phase, Study

DAY = timedelta(days=1)
PAUSED, BACK = JOINED_AT + DAY, JOINED_AT + 3 * DAY
GPS: list[Scope] = [("collect", "gps"), ("store", "gps")]
Tick = Callable[[datetime], int]


def test_a_pause_denies_every_purpose_and_keeps_every_grant(ada: Enrollment, allowed) -> None:
    before = ConsentState.objects.filter(enrollment=ada, valid_to=None).count()
    event = pause(enrollment=ada, now=PAUSED, signer=ada.user)
    assert (event.action, ada.phase) == ("pause", Phase.PAUSED)
    assert all(not allowed(ada, PAUSED, purpose) for purpose in PURPOSES if purpose not in STREAMLESS)
    assert not gate.permitted(ada, "contact.study", ["*"], at=PAUSED)
    assert ConsentState.objects.held().filter(enrollment=ada, paused=True).count() == before
    assert verify_person(Enrollment.objects.get(pk=ada.pk)) is None


def test_resuming_brings_everything_back_but_no_data_of_the_pause(ada: Enrollment, allowed) -> None:
    streams = allowed(ada, JOINED_AT)
    granted = gate.require(ada, "store", ["gps"], at=JOINED_AT).event_ids
    pause(enrollment=ada, now=PAUSED)
    resume(enrollment=ada, now=BACK, signer=ada.user, signing=Signing(auth_at=BACK))
    assert ada.phase == Phase.ACTIVE
    assert allowed(ada, BACK) == streams
    assert gate.require(ada, "store", ["gps"], at=BACK) == gate.Permit(
        3, granted
    )  # what was agreed to, still
    windows = {"gps": [(COVERED_FROM, PAUSED), (BACK, None)]}
    assert gate.periods(ada, "store", ["gps"]) == windows
    assert gate.standing(ada, "store", ["gps"], at=BACK).windows == windows
    assert verify_person(Enrollment.objects.get(pk=ada.pk)) is None


def test_a_pause_ends_by_itself_on_its_date_however_late_the_job(
    ada: Enrollment, allowed, tick: Tick
) -> None:
    pause(enrollment=ada, now=PAUSED, until=BACK)
    assert tick(BACK - timedelta(seconds=1)) == 0
    late = BACK + DAY
    assert not allowed(ada, late)  # nothing is used before somebody noted that it goes on
    assert tick(late) == 1
    assert "gps" in allowed(ada, late)
    assert gate.periods(ada, "store", ["gps"])["gps"] == [(COVERED_FROM, PAUSED), (BACK, None)]
    assert verify_person(Enrollment.objects.get(pk=ada.pk)) is None


def test_what_is_taken_back_in_a_pause_does_not_return(ada: Enrollment, allowed) -> None:
    pause(enrollment=ada, now=PAUSED)
    withdraw(enrollment=ada, now=PAUSED + DAY, scopes=[("collect", "gps")])
    assert ada.phase == Phase.PAUSED
    resume(enrollment=ada, now=BACK)
    assert "gps" not in allowed(ada, BACK)
    assert "screen" in allowed(ada, BACK)
    assert gate.periods(ada, "collect", ["gps"])["gps"] == [(COVERED_FROM, PAUSED)]


def test_leaving_during_a_pause_is_leaving(ada: Enrollment) -> None:
    pause(enrollment=ada, now=PAUSED, until=BACK)
    withdraw(enrollment=ada, now=PAUSED + DAY)
    assert ada.phase == Phase.WITHDRAWN
    with pytest.raises(Refusal, match="not_paused"):
        resume(enrollment=ada, now=BACK)
    assert verify_person(Enrollment.objects.get(pk=ada.pk)) is None


def test_what_expires_in_a_pause_does_not_return(
    bo: Enrollment, document: ConsentDocument, allowed, tick: Tick
) -> None:
    grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT, until=PAUSED + DAY)
    grant(enrollment=bo, document=document, scopes=[("collect", "light")], now=JOINED_AT)
    pause(enrollment=bo, now=PAUSED, until=BACK)
    tick(BACK)
    assert allowed(bo, BACK) == {"light"}
    assert not ConsentState.objects.filter(enrollment=bo, paused=True).exists()
    assert verify_person(Enrollment.objects.get(pk=bo.pk)) is None


def test_a_pause_moves_the_fence(ada: Enrollment) -> None:
    epoch = gate.standing(ada, "store", ["gps"], at=PAUSED).epoch
    pause(enrollment=ada, now=PAUSED)
    with transaction.atomic():
        assert not gate.unmoved(gate.lock(ada), epoch, at=PAUSED, until=gate.FOREVER)


def test_other_rooms_hear_of_pause_and_resumption(
    bo: Enrollment, document: ConsentDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(hooks, "_PAUSED", [lambda *_: heard.append("paused")])
    monkeypatch.setattr(hooks, "_GRANTED", [lambda *_: heard.append("granted")])
    monkeypatch.setattr(hooks, "_WITHDRAWN", [lambda *_: heard.append("withdrawn")])
    grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT)
    pause(enrollment=bo, now=PAUSED)
    resume(enrollment=bo, now=BACK)
    assert heard == ["granted", "paused", "granted"]


def test_refused_pauses_change_nothing(study: Study, ada: Enrollment, bea: User, bo: Enrollment) -> None:
    with pytest.raises(Refusal, match="nothing_granted"):
        pause(enrollment=bo, now=PAUSED)
    for who in (bea, bo.user):
        with pytest.raises(Refusal, match="not_yours"):
            pause(enrollment=ada, now=PAUSED, signer=who)
    with pytest.raises(Refusal, match="pause_over"):
        pause(enrollment=ada, now=PAUSED, until=PAUSED)
    with pytest.raises(Refusal, match="not_paused"):
        resume(enrollment=ada, now=PAUSED)
    assert ada.consent_events.count() == 1
    pause(enrollment=ada, now=PAUSED)
    document = study.consent_documents.get()
    with pytest.raises(Refusal, match="paused"):
        pause(enrollment=ada, now=PAUSED)
    with pytest.raises(Refusal, match="paused"):
        grant(enrollment=ada, document=document, scopes=GPS, now=PAUSED)
    with pytest.raises(Refusal, match="not_yours"):
        resume(enrollment=ada, now=BACK, signer=bea)


@pytest.mark.parametrize("proved_at", [None, BACK - timedelta(minutes=5)])
def test_who_resumes_proves_who_they_are_and_who_pauses_need_not(
    ada: Enrollment, proved_at: datetime | None
) -> None:
    pause(enrollment=ada, now=PAUSED, signer=ada.user, signing=Signing(method="password", auth_at=proved_at))
    with pytest.raises(Refusal, match="proof_too_old"):
        resume(enrollment=ada, now=BACK, signer=ada.user, signing=Signing(auth_at=proved_at))
    with pytest.raises(Refusal, match="proof_too_old"):
        resume(enrollment=ada, now=BACK, signer=ada.user)
    assert (Enrollment.objects.get(pk=ada.pk).phase, ada.consent_events.count()) == (Phase.PAUSED, 2)


def test_a_phase_that_no_event_says_is_named(ada: Enrollment) -> None:
    Enrollment.objects.filter(pk=ada.pk).update(phase=Phase.PAUSED)
    assert "it is paused" in str(verify_person(Enrollment.objects.get(pk=ada.pk)))
    Enrollment.objects.filter(pk=ada.pk).update(phase=Phase.ACTIVE)
    pause(enrollment=ada, now=PAUSED)
    Enrollment.objects.filter(pk=ada.pk).update(phase=Phase.ACTIVE)
    assert "it is active" in str(verify_person(Enrollment.objects.get(pk=ada.pk)))


def test_a_pause_of_somebody_elses_phone_is_refused(ada: Enrollment, bo: Enrollment, device) -> None:
    factories.agree_to_everything(bo)
    phone, _ = device
    with pytest.raises(Refusal, match="not_yours"):
        pause(enrollment=bo, now=PAUSED, device=phone)
    assert pause(enrollment=ada, now=PAUSED, device=phone).device == phone
