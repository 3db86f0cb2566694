from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from tests.tampering import remove, tamper
from wellness.audit.models import ActorKind, AuditEntry, AuditHead, Outcome
from wellness.audit.services import SERVICE, Actor, BadEntry, record, verify

CHAIN = "enrollment:test"


@pytest.fixture
def chain(db: None) -> list[AuditEntry]:
    """Five entries of one chain and two of another."""
    record(chain="system", actor=SERVICE, action="start")
    made = [record(chain=CHAIN, actor=SERVICE, action=f"act {n}", sealed_detail=b"\x01") for n in range(5)]
    record(chain="system", actor=SERVICE, action="stop")
    return made


def place(bad: BadEntry | None) -> tuple[str, int]:
    assert bad is not None
    return bad.chain, bad.seq


def test_an_untouched_record_is_whole(chain: list[AuditEntry]) -> None:
    assert verify() is None
    assert [entry.seq for entry in chain] == [1, 2, 3, 4, 5]
    assert [entry.prev_hash for entry in chain[1:]] == [entry.hash for entry in chain[:-1]]


def test_an_entry_says_who_did_what_to_what(db: None) -> None:
    actor = Actor(ActorKind.DEVICE, "phone")
    entry = record(chain=CHAIN, actor=actor, action="read", object="day:1", outcome=Outcome.REFUSED, epoch=3)
    stored = AuditEntry.objects.get(pk=entry.pk)
    assert (stored.actor, stored.actor_kind, stored.object) == ("phone", "device", "day:1")
    assert (stored.outcome, stored.epoch) == ("refused", 3)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("action", "x"),
        ("actor", "x"),
        ("actor_kind", "user"),
        ("object", "x"),
        ("purpose", "x"),
        ("outcome", "refused"),
        ("reason", "x"),
        ("request_id", "x"),
        ("on_behalf_of", "x"),
        ("epoch", 9),
        ("sealed_detail", b"\x02"),
        ("at", "2020-01-01T00:00:00Z"),
        ("prev_hash", "f" * 64),
        ("hash", "f" * 64),
    ],
)
def test_a_changed_field_is_found_where_it_was_changed(
    chain: list[AuditEntry], field: str, value: object
) -> None:
    tamper(AuditEntry, chain[2].pk, **{field: value})
    assert place(verify()) == (CHAIN, 3)


@pytest.mark.parametrize(("index", "seq"), [(0, 1), (2, 3), (4, 5)])
def test_a_removed_entry_is_found_even_the_last(chain: list[AuditEntry], index: int, seq: int) -> None:
    remove(AuditEntry, chain[index].pk)
    assert place(verify()) == (CHAIN, seq)


def test_a_removed_chain_is_found(chain: list[AuditEntry]) -> None:
    for entry in chain:
        remove(AuditEntry, entry.pk)
    assert place(verify()) == (CHAIN, 1)


@pytest.mark.parametrize(
    "harm",
    [
        lambda heads: heads.delete(),
        lambda heads: heads.update(seq=4),
        lambda heads: heads.update(hash="0" * 64),
    ],
)
def test_a_changed_head_is_found(chain: list[AuditEntry], harm: Callable[..., object]) -> None:
    harm(AuditHead.objects.filter(chain=CHAIN))
    assert place(verify()) == (CHAIN, 5)


def test_what_is_undone_leaves_no_entry(chain: list[AuditEntry]) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        record(chain=CHAIN, actor=SERVICE, action="undone")
        raise RuntimeError
    assert not AuditEntry.objects.filter(action="undone").exists()
    assert verify() is None


def test_the_command_is_quiet_when_whole_and_names_the_place_when_not(
    chain: list[AuditEntry], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("audit_verify")
    assert "7 entries in 2 chains" in capsys.readouterr().out
    tamper(AuditEntry, chain[1].pk, action="nothing happened")
    with pytest.raises(CommandError, match=f"{CHAIN} #2: its content was changed"):
        call_command("audit_verify")
