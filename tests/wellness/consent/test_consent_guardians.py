from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail

from tests import factories
from tests.factories import JOINED_AT
from wellness.accounts.models import User
from wellness.consent import gate
from wellness.consent.documents import Terms
from wellness.consent.guardians import change_proxy, declare_birth
from wellness.consent.majority import age_on, majority_on
from wellness.consent.models import Capacity, ConsentDocument, ConsentEvent, Minority
from wellness.consent.purposes import Scope
from wellness.consent.services import grant, withdraw
from wellness.consent.verification import verify_person
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Study
from wellness.studies.services import change_zone
from wellness.work.kinds import drain

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
GPS: list[Scope] = [("collect", "gps"), ("store", "gps")]
BORN_ON = date(2008, 1, 20)
COMES_OF_AGE_AT = datetime(2026, 1, 20, tzinfo=ZoneInfo("Europe/Helsinki")).astimezone(UTC)
ORDER = {"court_order": "17/2025"}
Tick = Callable[[datetime], int]
Yes = Callable[[Enrollment], ConsentEvent]


@pytest.fixture
def documents(study: Study) -> dict[str, ConsentDocument]:
    """The study's documents in force, by audience."""
    return {
        audience: factories.consent_document(study, audience=audience)
        for audience in ConsentDocument.Audience.values
    }


@pytest.fixture
def mum(db: None) -> User:
    return factories.user("mum")


@pytest.fixture
def kid(study: Study, documents: dict[str, ConsentDocument], mum: User, dot: User) -> Enrollment:
    """Not of age until 20 January 2026; mum signs for them."""
    kid = factories.enrollment(study, "kid")
    declare_birth(enrollment=kid, born_on=BORN_ON, now=JOINED_AT)
    change_proxy(
        enrollment=kid, proxy=mum, capacity=Capacity.PARENT, evidence=ORDER, recorded_by=dot, now=JOINED_AT
    )
    return kid


@pytest.fixture
def permit(documents: dict[str, ConsentDocument], mum: User) -> Yes:
    """Mum's permission."""
    return lambda kid: grant(
        enrollment=kid,
        document=documents["guardian"],
        scopes=GPS,
        now=JOINED_AT,
        signer=mum,
        capacity=Capacity.PARENT,
    )


@pytest.fixture
def assent(documents: dict[str, ConsentDocument]) -> Yes:
    """The child's own yes."""
    return lambda kid: grant(
        enrollment=kid,
        document=documents["assent"],
        scopes=GPS,
        now=JOINED_AT + DAY,
        signer=kid.user,
        capacity=Capacity.ASSENT,
    )


@pytest.fixture
def minor(kid: Enrollment, permit: Yes, assent: Yes) -> Enrollment:
    """The child, to whose part both have agreed."""
    permit(kid)
    assent(kid)
    return kid


def test_a_childs_data_take_permission_and_assent(kid: Enrollment, permit, assent, allowed) -> None:
    now = JOINED_AT + 2 * DAY
    permitted = permit(kid)
    assert not allowed(kid, now)
    assented = assent(kid)
    assert allowed(kid, now) == allowed(kid, now, "store") == {"gps"}
    assert gate.require(kid, "store", ["gps"], at=now).event_ids == (permitted.pk, assented.pk)
    windows = {"gps": [(JOINED_AT + DAY, COMES_OF_AGE_AT)]}
    assert gate.periods(kid, "store", ["gps"]) == windows
    assert gate.standing(kid, "store", ["gps"], at=now).windows == windows


def test_assent_alone_is_not_enough(kid: Enrollment, assent, allowed) -> None:
    assent(kid)
    assert not allowed(kid, JOINED_AT + 2 * DAY)


@pytest.mark.parametrize("who", ["mum", "kid"])
def test_either_of_them_may_stop_it(minor: Enrollment, mum: User, allowed, who: str) -> None:
    withdraw(enrollment=minor, now=JOINED_AT + 2 * DAY, signer=mum if who == "mum" else minor.user)
    assert not allowed(minor, JOINED_AT + 3 * DAY)


def test_majority_ends_what_the_guardian_permitted_until_the_adult_agrees(
    minor: Enrollment, documents: dict[str, ConsentDocument], allowed, tick: Tick
) -> None:
    assert allowed(minor, COMES_OF_AGE_AT - SECOND) == {"gps"}
    assert not allowed(minor, COMES_OF_AGE_AT)  # whether or not the job came by
    own = {"enrollment": minor, "document": documents["adult"], "scopes": GPS, "signer": minor.user}
    with pytest.raises(Refusal, match="not_of_age"):
        grant(**own, now=COMES_OF_AGE_AT - SECOND)
    assert tick(COMES_OF_AGE_AT) == 1
    assert minor.consent_events.latest("seq").action == "expire"
    grant(**own, now=COMES_OF_AGE_AT + DAY)
    assert allowed(minor, COMES_OF_AGE_AT + DAY) == {"gps"}
    expected = [(JOINED_AT + DAY, COMES_OF_AGE_AT), (COMES_OF_AGE_AT + DAY, None)]
    assert gate.periods(minor, "store", ["gps"])["gps"] == expected
    with pytest.raises(Refusal, match="of_age"):
        permit_late = {"signer": None, "capacity": Capacity.ASSENT, "document": documents["assent"]}
        grant(**own | permit_late, now=COMES_OF_AGE_AT + DAY)
    assert verify_person(Enrollment.objects.get(pk=minor.pk)) is None


def test_an_adult_who_agrees_before_the_job_came_by_keeps_what_they_agreed_to(
    minor: Enrollment, documents: dict[str, ConsentDocument], allowed, tick: Tick
) -> None:
    now = COMES_OF_AGE_AT + SECOND
    grant(enrollment=minor, document=documents["adult"], scopes=GPS, now=now, signer=minor.user)
    tick(now)
    assert allowed(minor, now) == {"gps"}


@pytest.mark.parametrize(
    "place", [("Pacific/Kiritimati", -12), ("America/Los_Angeles", 10), ("Europe/Helsinki", 0)]
)
def test_the_birthday_is_on_the_persons_own_clock(
    minor: Enrollment, allowed, tick: Tick, place: tuple[str, int]
) -> None:
    zone, hours = place
    change_zone(enrollment=minor, zone=zone, from_at=JOINED_AT + 2 * DAY)
    begins_at = COMES_OF_AGE_AT + timedelta(hours=hours)
    assert allowed(minor, begins_at - SECOND) == {"gps"}
    assert not allowed(minor, begins_at)
    assert verify_person(Enrollment.objects.get(pk=minor.pk)) is None
    tick(begins_at - SECOND)
    assert minor.consent_events.latest("seq").action == "grant"
    tick(begins_at)
    assert minor.consent_events.latest("seq").action == "expire"


@pytest.mark.parametrize(
    ("born_on", "comes_of_age_on"),
    [
        (date(2008, 2, 29), date(2026, 3, 1)),
        (date(2008, 2, 28), date(2026, 2, 28)),
        (date(2008, 3, 1), date(2026, 3, 1)),
        (date(2008, 12, 31), date(2026, 12, 31)),
    ],
)
def test_the_day_of_majority_exists_in_every_year(born_on: date, comes_of_age_on: date) -> None:
    assert majority_on(born_on) == comes_of_age_on
    assert age_on(born_on, comes_of_age_on) == 18
    assert age_on(born_on, comes_of_age_on - DAY) == 17
    assert majority_on(date(2008, 2, 29), 20) == date(2028, 2, 29)


def test_a_birth_date_is_sealed_and_declared_once(kid: Enrollment) -> None:
    row = Minority.objects.get(enrollment=kid)
    assert row.majority_on == date(2026, 1, 20)
    assert b"2008" not in bytes(row.sealed_birth)
    for error, born_on in (("birth_date_known", BORN_ON),):
        with pytest.raises(Refusal, match=error):
            declare_birth(enrollment=kid, born_on=born_on, now=JOINED_AT)


def test_a_birth_date_has_been(bo: Enrollment) -> None:
    with pytest.raises(Refusal, match="birth_date_future"):
        declare_birth(enrollment=bo, born_on=date(2026, 1, 6), now=JOINED_AT)


def test_a_switch_may_ask_for_an_age(study: Study, bo: Enrollment) -> None:
    document = factories.consent_document(study, audience="assent", terms={"store": Terms(min_age=16)})
    declare_birth(enrollment=bo, born_on=date(2012, 1, 1), now=JOINED_AT)
    yes = {"enrollment": bo, "document": document, "now": JOINED_AT, "capacity": Capacity.ASSENT}
    with pytest.raises(Refusal, match="too_young"):
        grant(**yes, scopes=GPS)
    assert grant(**yes, scopes=GPS[:1])


def test_only_the_proxy_of_now_signs_for_a_person(
    minor: Enrollment, documents: dict[str, ConsentDocument], mum: User, dot: User, allowed
) -> None:
    dad = factories.user("dad")
    yes = {"enrollment": minor, "document": documents["guardian"], "scopes": GPS, "now": JOINED_AT}
    for signer, capacity in ((dad, "parent"), (mum, "guardian"), (dot, "parent"), (minor.user, "parent")):
        with pytest.raises(Refusal, match="not_yours"):
            grant(**yes, signer=signer, capacity=capacity)
    with pytest.raises(Refusal, match="not_yours"):
        grant(**yes, capacity=Capacity.PARENT)
    now = JOINED_AT + 2 * DAY
    event = change_proxy(
        enrollment=minor, proxy=dad, capacity=Capacity.GUARDIAN, evidence=ORDER, recorded_by=dot, now=now
    )
    assert (event.action, event.proxy, event.evidence["court_order"]) == ("proxy", dad, "17/2025")
    assert allowed(minor, now) == {"gps"}  # what mum permitted stays until somebody takes it back
    with pytest.raises(Refusal, match="not_yours"):
        withdraw(enrollment=minor, now=now, signer=mum)
    withdraw(enrollment=minor, now=now, signer=dad)
    assert not allowed(minor, now)
    assert verify_person(Enrollment.objects.get(pk=minor.pk)) is None


def test_nobody_signs_any_more_once_the_proxy_is_gone(kid: Enrollment, mum: User, dot: User, permit) -> None:
    change_proxy(
        enrollment=kid, proxy=None, capacity=Capacity.PARENT, evidence=ORDER, recorded_by=dot, now=JOINED_AT
    )
    with pytest.raises(Refusal, match="not_yours"):
        permit(kid)


def test_a_proxy_needs_evidence_and_staff_of_the_study(
    kid: Enrollment, mum: User, dot: User, cal: User, bea: User
) -> None:
    change = {"enrollment": kid, "proxy": mum, "capacity": "parent", "evidence": ORDER, "now": JOINED_AT}
    for error, other in (
        ("not_an_approver", {"recorded_by": cal}),
        ("not_an_approver", {"recorded_by": bea}),
        ("evidence_missing", {"evidence": {}}),
        ("no_proxy", {"capacity": "self"}),
        ("proxy_of_oneself", {"proxy": dot}),
        ("proxy_of_oneself", {"proxy": kid.user}),
    ):
        with pytest.raises(Refusal, match=error):
            change_proxy(**({"recorded_by": dot} | change | other))
    assert kid.consent_events.count() == 1


def test_a_study_without_a_document_names_no_proxy(bo: Enrollment, mum: User, dot: User) -> None:
    with pytest.raises(Refusal, match="no_document"):
        change_proxy(
            enrollment=bo, proxy=mum, capacity="parent", evidence=ORDER, recorded_by=dot, now=JOINED_AT
        )


def test_the_person_is_told_of_a_new_proxy(kid: Enrollment) -> None:
    assert drain(JOINED_AT, "consent_notice") == {"consent_notice": 1}
    (sent,) = mail.outbox
    assert sent.to == [kid.user.email]
    assert "Harbour" not in sent.subject + sent.body


def test_who_represents_an_adult_agrees_alone(
    bo: Enrollment, documents: dict[str, ConsentDocument], mum: User, dot: User, allowed
) -> None:
    by_law = Capacity.REPRESENTATIVE
    change_proxy(enrollment=bo, proxy=mum, capacity=by_law, evidence=ORDER, recorded_by=dot, now=JOINED_AT)
    document = documents["representative"]
    grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT, signer=mum, capacity=by_law)
    assert allowed(bo, JOINED_AT) == {"gps"}


def test_who_signs_what_is_of_the_document(bo: Enrollment, documents: dict[str, ConsentDocument]) -> None:
    for audience, capacity in (("adult", "parent"), ("guardian", "self"), ("assent", "self")):
        with pytest.raises(Refusal, match="capacity_of_other_document"):
            grant(enrollment=bo, document=documents[audience], scopes=GPS, now=JOINED_AT, capacity=capacity)
    with pytest.raises(Refusal, match="birth_date_missing"):
        grant(
            enrollment=bo, document=documents["assent"], scopes=GPS, now=JOINED_AT, capacity=Capacity.ASSENT
        )
