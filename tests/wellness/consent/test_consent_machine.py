"""Whatever a child, its guardian, then the adult do, whenever the worker comes by: table, fold, gate agree.

The gate is compared with a model that keeps nothing but who said yes until when, minute by minute.
"""

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from tests.factories import JOINED_AT
from wellness.consent import gate
from wellness.consent.guardians import declare_birth
from wellness.consent.models import Capacity, ConsentDocument
from wellness.consent.pausing import pause, resume
from wellness.consent.purposes import Scope, prerequisites
from wellness.consent.services import grant, withdraw
from wellness.consent.tombstones import log as tombstones
from wellness.consent.verification import verify_person
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Study
from wellness.work.kinds import drain

EXAMPLES = int(os.environ.get("CONSENT_EXAMPLES", "25"))
PURPOSES, STREAMS = ("collect", "store"), ("gps", "light")
SCOPES = [(purpose, stream) for purpose in PURPOSES for stream in STREAMS]
OF_AGE_AT = datetime(2026, 1, 7, tzinfo=ZoneInfo("Europe/Helsinki")).astimezone(UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Act:
    """One act, some hours after the one before; what it does not need it ignores."""

    verb: str
    who: str
    scopes: frozenset[Scope]
    after_h: int
    for_h: int


ACTS = st.lists(
    st.builds(
        Act,
        st.sampled_from(["grant", "grant", "grant", "withdraw", "pause", "resume", "tick"]),
        st.sampled_from(["adult", "guardian", "assent"]),
        st.sets(st.sampled_from(SCOPES), min_size=1).map(frozenset),
        st.integers(1, 20),
        st.sampled_from([0, 5, 30]),
    ),
    min_size=1,
    max_size=9,
)


class Model:
    """Who said yes to what, until when; and until when everything rests."""

    def __init__(self) -> None:
        self.yes: dict[tuple[str, Scope], datetime] = {}
        self.rests_until: datetime | None = None

    def rests(self) -> bool:
        return self.rests_until is not None

    def holds(self, party: str, scope: Scope, now: datetime) -> bool:
        return now < self.yes.get((party, scope), datetime.min.replace(tzinfo=UTC))

    def allows(self, purpose: str, stream: str, now: datetime) -> bool:
        steps = [(step, stream) for step in prerequisites(purpose)]
        return not self.rests() and all(
            self.holds("adult", step, now)
            or (self.holds("guardian", step, now) and self.holds("assent", step, now))
            for step in steps
        )


def perform(
    model: Model, person: Enrollment, documents: dict[str, ConsentDocument], act: Act, now: Any
) -> None:
    """The same act of the model and of the server; both refuse, or neither."""
    until = now + act.for_h * HOUR if act.for_h else None
    if act.verb == "tick":
        drain(now, "consent")
        if model.rests_until and model.rests_until <= now:
            model.rests_until = None
        return
    if act.verb == "grant":
        child = act.who != "adult"
        refused = model.rests() or child == (now >= OF_AGE_AT)
        capacity = {"adult": Capacity.SELF, "guardian": Capacity.STAFF, "assent": Capacity.ASSENT}[act.who]
        said = {"document": documents[act.who], "scopes": act.scopes, "capacity": capacity, "until": until}
        evidence = {"scan_sha256": "0"} if act.who == "guardian" else None
        attempt(refused, lambda: grant(enrollment=person, now=now, evidence=evidence, **said))
        ends = min([at for at in (until, OF_AGE_AT if child else None) if at], default=gate.FOREVER)
        if not refused:
            model.yes |= {(act.who, scope): ends for scope in act.scopes}
    elif act.verb == "withdraw":
        attempt(not person.consent_epoch, lambda: withdraw(enrollment=person, now=now, scopes=act.scopes))
        model.yes = {key: ends for key, ends in model.yes.items() if key[1] not in act.scopes}
        if not person.consent_states.held().exists():
            model.rests_until = None  # who took everything back has left
    elif act.verb == "pause":
        refused = model.rests() or not any(now < ends for ends in model.yes.values())
        attempt(refused, lambda: pause(enrollment=person, now=now, until=until))
        if not refused:
            model.rests_until = until or gate.FOREVER
    else:
        attempt(not model.rests(), lambda: resume(enrollment=person, now=now))
        model.rests_until = None


def attempt(refused: bool, act: Any) -> None:
    if refused:
        with pytest.raises(Refusal), transaction.atomic():
            act()
    else:
        act()


@pytest.fixture
def documents(study: Study) -> dict[str, ConsentDocument]:
    since = JOINED_AT - timedelta(days=1)
    made = {who: factories.consent_document(study, since, audience=who) for who in ("guardian", "assent")}
    return made | {"adult": factories.consent_document(study, since)}


@pytest.fixture
def bo(study: Study) -> Enrollment:
    person = factories.enrollment(study, "bo")
    declare_birth(enrollment=person, born_on=date(2008, 1, 7), now=JOINED_AT)
    return person


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_table_fold_and_gate_agree_with_a_plain_model(
    bo: Enrollment, documents: dict[str, ConsentDocument], acts: list[Act]
) -> None:
    with transaction.atomic():
        person, model, now = Enrollment.objects.select_related("study").get(pk=bo.pk), Model(), JOINED_AT
        for act in acts:
            now += act.after_h * HOUR
            person.refresh_from_db()
            perform(model, person, documents, act, now)
            agrees(model, person, now)
        transaction.set_rollback(True)
    tombstones.path().unlink(missing_ok=True)  # outside the database, so no rollback takes it back


def agrees(model: Model, person: Enrollment, now: datetime) -> None:
    person = Enrollment.objects.select_related("study").get(pk=person.pk)
    assert verify_person(person) is None
    for at in (now, now + 4 * HOUR, now + 31 * HOUR):  # whether or not a worker comes by until then
        for purpose in PURPOSES:
            expected = {stream for stream in STREAMS if model.allows(purpose, stream, at)}
            assert set(gate.permitted(person, purpose, STREAMS, at=at)) == expected
            standing = gate.standing(person, purpose, STREAMS, at=at)
            assert standing.permits == gate.permitted_many([person.pk], purpose, STREAMS, at=at)[person.pk]
            assert standing.windows == gate.periods(person, purpose, STREAMS)
            inside = {
                stream
                for stream, windows in standing.windows.items()
                if any(since <= at and (until is None or at < until) for since, until in windows)
            }
            assert expected <= inside  # what may be used now is covered now
            if expected and standing.epoch is not None:
                assert gate.unmoved(person, standing.epoch, at=at, until=standing.until)
                assert not gate.unmoved(person, standing.epoch, at=standing.until, until=standing.until)
