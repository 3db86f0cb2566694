"""Lists of people under one name, and the answer to whose data somebody could have seen."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from tests.tampering import remove
from tests.wellness.audit.conftest import NOON
from wellness.audit import rosters
from wellness.audit.exposure import exposed
from wellness.audit.models import ActorKind, AuditEntry, Outcome, Roster, RosterMember
from wellness.audit.services import Actor, account_chain, record

BEA, CAL = (Actor(ActorKind.USER, name) for name in ("bea", "cal"))
PEOPLE = [f"enrollment:{n}" for n in range(3)]


def opened(chain: str, who: Actor, minute: int, outcome: Outcome = Outcome.DONE) -> None:
    record(chain=chain, actor=who, action="view.one", at=NOON + timedelta(minutes=minute), outcome=outcome)


def listed(people: list[str], who: Actor, minute: int) -> AuditEntry:
    name = rosters.named(people)
    at = NOON + timedelta(minutes=minute)
    return record(chain=account_chain(who), actor=who, action="view.list", object=name, at=at)


@pytest.fixture
def seen(db: None) -> None:
    """Bea opens one person and sees a list of two, twice; cal opens another and is refused the third."""
    opened(PEOPLE[0], BEA, 0)
    listed(PEOPLE[:2], BEA, 1)
    listed(PEOPLE[1::-1], BEA, 5)
    opened(PEOPLE[2], CAL, 2)
    opened(PEOPLE[1], CAL, 3, Outcome.REFUSED)


def found(actor: str, since: int = 0, until: int = 60) -> dict[str, int]:
    period = {"since": NOON + timedelta(minutes=since), "until": NOON + timedelta(minutes=until)}
    return {one.chain: one.n for one in exposed(actor=actor, **period)}


def test_whose_data_an_actor_could_have_seen(seen: None) -> None:
    assert found("bea") == {PEOPLE[0]: 3, PEOPLE[1]: 2}
    assert found("cal") == {PEOPLE[2]: 1}
    assert found("dot") == {}


def test_and_in_a_period_by_anybody(seen: None) -> None:
    assert found("") == {PEOPLE[0]: 3, PEOPLE[1]: 2, PEOPLE[2]: 1}
    assert found("", since=2, until=5) == {PEOPLE[2]: 1}


def test_the_command_answers(seen: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("exposure", "--actor", "bea", "--since", "2026-03-31", "--json")
    people = json.loads(capsys.readouterr().out)["people"]
    assert people[0] == {
        "chain": PEOPLE[0],
        "n": 3,
        "first": NOON.isoformat(),
        "last": (NOON + timedelta(minutes=5)).isoformat(),
        "acts": ["view.list", "view.one"],
    }
    call_command("exposure", "--since", "2026-03-31T12:02", "--until", "2026-03-31T12:03")
    assert "1 people" in capsys.readouterr().out


def test_the_same_people_are_one_roster(seen: None) -> None:
    assert Roster.objects.count() == 1
    assert rosters.of(PEOPLE[0]) == rosters.of(PEOPLE[1]) == [rosters.named(PEOPLE[:2])]
    assert rosters.named([]) == ""


def test_a_roster_that_was_altered_is_named(seen: None) -> None:
    member = RosterMember.objects.get(chain=PEOPLE[1])
    digest = member.roster.digest
    assert list(rosters.broken()) == []
    remove(RosterMember, member.pk)
    with pytest.raises(CommandError, match=f"roster {digest}: its members"):
        call_command("audit_verify")
    for one in (*RosterMember.objects.all(), *Roster.objects.all()):
        remove(type(one), one.pk)
    assert list(rosters.broken()) == [f"roster {digest}: it is missing"]
