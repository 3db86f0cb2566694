from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from tests import factories
from tests.factories import JOINED_AT
from wellness.consent import gate, hooks
from wellness.consent.documents import Terms
from wellness.consent.models import ConsentAgenda, ConsentDocument, ConsentState
from wellness.consent.purposes import Scope
from wellness.consent.services import grant, rebuild, withdraw
from wellness.consent.verification import verify_person
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Phase, Study

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
GPS: list[Scope] = [("collect", "gps"), ("store", "gps")]
LIGHT: list[Scope] = [("collect", "light")]
UNTIL = JOINED_AT + 7 * DAY
Tick = Callable[[datetime], int]


def test_a_grant_is_denied_from_its_expiry_on_even_when_the_job_is_late(
    bo: Enrollment, document: ConsentDocument, allowed, tick: Tick
) -> None:
    grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT, until=UNTIL)
    grant(enrollment=bo, document=document, scopes=LIGHT, now=JOINED_AT)
    assert allowed(bo, UNTIL - SECOND) == {"gps", "light"}
    assert allowed(bo, UNTIL) == {"light"}
    assert gate.permitted_many([bo.pk], "store", ["gps"], at=UNTIL) == {bo.pk: {}}
    assert gate.standing(bo, "store", ["gps"], at=UNTIL).permits == {}
    late = UNTIL + DAY
    assert tick(late) == 1
    event = bo.consent_events.latest("seq")
    assert (event.action, event.at) == ("expire", late)
    assert {tuple(scope) for scope in event.scopes} == set(GPS)
    assert set(ConsentState.objects.filter(event__seq=1).values_list("valid_to", flat=True)) == {UNTIL}
    assert allowed(bo, late) == {"light"}
    assert verify_person(Enrollment.objects.get(pk=bo.pk)) is None


def test_data_from_after_the_expiry_are_not_covered(
    bo: Enrollment, document: ConsentDocument, tick: Tick
) -> None:
    grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT, until=UNTIL)
    expected = {"gps": [(JOINED_AT, UNTIL)]}
    assert gate.periods(bo, "store", ["gps"]) == expected
    assert gate.standing(bo, "store", ["gps"], at=JOINED_AT).windows == expected
    tick(UNTIL + DAY)
    assert gate.periods(bo, "store", ["gps"]) == expected


def test_a_switch_may_say_how_long_it_holds(bo: Enrollment, study: Study, tick: Tick) -> None:
    document = factories.consent_document(study, terms={"store": Terms(valid_days=7)})
    grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT)
    held = ConsentState.objects.filter(enrollment=bo).values_list("purpose", "expires_at")
    assert set(held) == {("collect", None), ("store", UNTIL)}
    assert bo.consent_until == UNTIL
    assert tick(UNTIL - SECOND) == 0
    assert tick(UNTIL) == 1
    assert Enrollment.objects.get(pk=bo.pk).consent_until is None


def test_who_let_everything_expire_still_takes_part_and_may_agree_again(
    bo: Enrollment, document: ConsentDocument, allowed, tick: Tick
) -> None:
    grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT, until=UNTIL)
    tick(UNTIL)
    bo.refresh_from_db()
    assert bo.phase == Phase.ACTIVE
    grant(enrollment=bo, document=document, scopes=GPS, now=UNTIL + DAY)
    assert allowed(bo, UNTIL + DAY) == {"gps"}
    assert gate.periods(bo, "store", ["gps"])["gps"] == [(JOINED_AT, UNTIL), (UNTIL + DAY, None)]


def test_an_expiry_moves_the_fence(bo: Enrollment, document: ConsentDocument, tick: Tick) -> None:
    grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT, until=UNTIL)
    grant(enrollment=bo, document=document, scopes=LIGHT, now=JOINED_AT)
    light = gate.standing(bo, "collect", ["light"], at=JOINED_AT)
    gps = gate.standing(bo, "collect", ["gps"], at=JOINED_AT)
    assert (gps.until, light.until) == (UNTIL, gate.FOREVER)

    def unmoved(at: datetime, until: datetime | None = None) -> bool:
        with transaction.atomic():
            return gate.unmoved(gate.lock(bo), 2, at=at, until=until)

    assert [unmoved(UNTIL - SECOND), unmoved(UNTIL)] == [True, False]
    assert [unmoved(UNTIL, gps.until), unmoved(UNTIL, light.until)] == [False, True]
    tick(UNTIL)
    assert not unmoved(UNTIL, light.until)


def test_other_rooms_hear_of_an_expiry(
    bo: Enrollment, document: ConsentDocument, tick: Tick, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[frozenset[Scope]] = []
    monkeypatch.setattr(hooks, "_WITHDRAWN", [lambda _, revoked, __: heard.append(revoked)])
    grant(enrollment=bo, document=document, scopes=LIGHT, now=JOINED_AT, until=UNTIL)
    grant(enrollment=bo, document=document, scopes=[("store", "light")], now=JOINED_AT)
    tick(UNTIL)
    assert heard == [frozenset({("collect", "light"), ("store", "light")})]


def test_a_withdrawal_after_the_expiry_ends_nothing_twice(
    bo: Enrollment, document: ConsentDocument, tick: Tick
) -> None:
    grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT, until=UNTIL)
    withdraw(enrollment=bo, now=UNTIL + DAY)
    assert {period.valid_to for period in rebuild(bo)} == {UNTIL}
    tick(UNTIL + 2 * DAY)
    assert (bo.consent_events.latest("seq").action, ConsentAgenda.objects.get().next_at) == ("withdraw", None)


def test_a_grant_that_would_be_over_already_is_refused(bo: Enrollment, document: ConsentDocument) -> None:
    with pytest.raises(Refusal, match="expired"):
        grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT, until=JOINED_AT)
    assert not ConsentAgenda.objects.exists()


def test_a_lost_expiry_of_the_person_or_the_agenda_is_named(
    bo: Enrollment, document: ConsentDocument
) -> None:
    grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT, until=UNTIL)
    person = Enrollment.objects.get(pk=bo.pk)
    ConsentAgenda.objects.all().delete()
    assert "nobody will note" in str(verify_person(person))
    person.consent_until = None
    assert "does not expire when" in str(verify_person(person))
    ConsentState.objects.filter(enrollment=bo).update(expires_at=None)
    assert "not as its events say" in str(verify_person(person))
