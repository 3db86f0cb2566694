"""What a superuser of the database does to the record, and by what and where it is found."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models

from tests.tampering import remove, tamper, triggers_off
from wellness.audit import watch
from wellness.audit.chain import START, BadEntry, entry_hash
from wellness.audit.checkpoints import Checkpoint
from wellness.audit.models import AuditEntry, AuditHead, CheckpointMark
from wellness.audit.services import verify
from wellness.audit.verification import BadCheckpoint, verify_all
from wellness.lib.signing import signing_key

TABLE = AuditEntry._meta.db_table
on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="as PostgreSQL does it")
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="as SQLite does it")


def first() -> BadEntry | BadCheckpoint:
    return verify_all().bad[0]


def recompute(chain: str) -> None:
    """Make a chain and its head consistent again, as somebody does who knows how."""
    before, seq = START, 0
    with triggers_off(AuditEntry):
        for seq, entry in enumerate(AuditEntry.objects.filter(chain=chain).order_by("seq"), 1):
            entry.seq, entry.prev_hash = seq, before
            before = entry_hash(entry)
            row = models.QuerySet(AuditEntry).filter(pk=entry.pk)
            row.update(seq=seq, prev_hash=entry.prev_hash, hash=before)
    AuditHead.objects.filter(chain=chain).update(seq=seq, hash=before)


def entry(chain: str, seq: int) -> AuditEntry:
    found: AuditEntry = AuditEntry.objects.get(chain=chain, seq=seq)
    return found


def test_an_edited_row_is_named(sealed: list[Checkpoint]) -> None:
    tamper(AuditEntry, entry("b", 2).pk, actor="somebody else")
    assert first() == BadEntry("b", 2, "its content was changed")
    with pytest.raises(CommandError, match="b #2: its content was changed"):
        call_command("audit_verify")


def test_a_removed_row_is_named(sealed: list[Checkpoint]) -> None:
    remove(AuditEntry, entry("a", 2).pk)
    assert first() == BadEntry("a", 2, "the entry is missing")


def test_a_removed_row_with_the_chain_closed_over_it_is_placed(sealed: list[Checkpoint]) -> None:
    remove(AuditEntry, entry("b", 1).pk)
    recompute("b")
    assert verify() is None
    found = first()
    assert isinstance(found, BadEntry) and (found.chain, found.seq) == ("a", 2)
    assert "entries before it are missing (entry 2 of the record, sealed by checkpoint 1)" in found.problem


def test_a_removed_end_with_its_head_set_back_is_placed(sealed: list[Checkpoint]) -> None:
    for one in (entry("c", 2), entry("a", 4)):
        remove(AuditEntry, one.pk)
    for chain in "ac":
        recompute(chain)
    assert verify() is None
    found = first()
    assert isinstance(found, BadCheckpoint) and found.n == 3
    assert "entry 8 of the record is missing and all that were sealed after it, 2 in all" in found.problem


def test_a_chain_recomputed_from_an_edit_on_is_named(sealed: list[Checkpoint]) -> None:
    tamper(AuditEntry, entry("a", 2).pk, action="nothing happened")
    recompute("a")
    assert verify() is None
    problem = "it is not the entry that was sealed (entry 3 of the record, sealed by checkpoint 1)"
    assert first() == BadEntry("a", 2, problem)


def test_a_chain_removed_with_its_head_is_placed(sealed: list[Checkpoint]) -> None:
    for one in AuditEntry.objects.filter(chain="b"):
        remove(AuditEntry, one.pk)
    AuditHead.objects.filter(chain="b").delete()
    assert verify() is None
    assert "entries before it are missing (entry 2 of the record" in str(first())


def test_rows_in_another_order_are_named(sealed: list[Checkpoint]) -> None:
    one, other = entry("b", 1), entry("c", 1)
    for pk, to in ((one.pk, 9_999), (other.pk, one.pk), (9_999, other.pk)):
        tamper(AuditEntry, pk, id=to)
    assert verify() is None
    assert "it is not the entry" in str(first()) or "are missing" in str(first())


def test_an_older_backup_is_told(sealed: list[Checkpoint]) -> None:
    for one in AuditEntry.objects.order_by("-pk")[:5]:
        remove(AuditEntry, one.pk)
    for chain in "abc":
        recompute(chain)
    CheckpointMark.objects.update(n=1, size=4, digest=sealed[0].digest)
    assert verify() is None
    told = [str(bad) for bad in verify_all().bad]
    assert "entry 5 of the record is missing" in told[0]
    assert "the files are at checkpoint 3, the database at 1: an older backup?" in told[1]


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def _cut(path: Path) -> None:
    path.write_bytes(b"".join(lines(path)[:-1]))


def _edit(path: Path) -> None:
    one, *rest = lines(path)
    path.write_bytes(one.replace(b'"size":4', b'"size":3') + b"".join(rest))


def _take_out(path: Path) -> None:
    path.write_bytes(b"".join(lines(path)[1:]))


def _resign(path: Path) -> None:
    one, *rest = lines(path)
    made = Checkpoint.of(json.loads(one) | {"root": "0" * 64})

    path.write_bytes(made.signed(signing_key("the forger's", "checkpoint")).line + b"\n" + b"".join(rest))


@pytest.mark.parametrize(
    ("month", "harm", "told"),
    [
        ("2026-04", _cut, "checkpoint 3 was made, and the files end at 2"),
        ("2026-04", Path.unlink, "checkpoint 3 was made, and the files end at 2"),
        ("2026-03", _cut, "checkpoint 2: its line is missing"),
        ("2026-03", Path.unlink, "checkpoint 1: its line is missing"),
        ("2026-03", _take_out, "checkpoint 1: its line is missing"),
        ("2026-03", _edit, "checkpoint 1: its signature is not the site's"),
        ("2026-03", _resign, "checkpoint 1: its signature is not the site's"),
    ],
)
def test_harm_to_the_files_is_named(
    sealed: list[Checkpoint], folder: Path, month: str, harm: Callable[[Path], None], told: str
) -> None:
    harm(folder / f"audit-{month}.jsonl")
    assert any(told in str(bad) for bad in verify_all().bad), verify_all().bad


def test_files_that_are_gone_are_missed(sealed: list[Checkpoint], folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    assert str(first()) == "checkpoint 0: checkpoint 3 was made, and its files are gone"


def test_what_was_never_sealed_is_only_chained(write: Callable[..., None]) -> None:
    """The window of a minute in which a superuser who recomputes everything is not seen."""
    write("a", "a")
    tamper(AuditEntry, entry("a", 1).pk, action="other")
    recompute("a")
    assert verify_all().bad == []


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_intact_triggers_are_fine(db: None) -> None:
    assert watch.triggers() == []


@on_postgres
@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (f'ALTER TABLE "{TABLE}" DISABLE TRIGGER "{TABLE}_no_update"', "_no_update is disabled"),
        (f'ALTER TABLE "{TABLE}" ENABLE REPLICA TRIGGER "{TABLE}_no_update"', "_no_update is disabled"),
        (f'ALTER TABLE "{TABLE}" DISABLE TRIGGER ALL', "_no_delete is disabled"),
        (f'DROP TRIGGER "{TABLE}_no_truncate" ON "{TABLE}"', "_no_truncate is gone"),
        (
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql "
            "AS $$ BEGIN RETURN NEW; END $$",
            "_no_update is not the one that refuses",
        ),
        (
            f'DROP TRIGGER "{TABLE}_no_update" ON "{TABLE}"; '
            f'CREATE TRIGGER "{TABLE}_no_update" BEFORE UPDATE ON "{TABLE}" FOR EACH ROW '
            "WHEN (OLD.id < 0) EXECUTE FUNCTION refuse_change()",
            "_no_update is not the one that refuses",
        ),
        (
            f'DROP TRIGGER "{TABLE}_no_update" ON "{TABLE}"; '
            f'CREATE TRIGGER "{TABLE}_no_update" BEFORE UPDATE OF reason ON "{TABLE}" FOR EACH ROW '
            "EXECUTE FUNCTION refuse_change()",
            "_no_update is not the one that refuses",
        ),
        ("SET LOCAL session_replication_role = replica", "keeps triggers from firing for this session"),
        (
            "ALTER ROLE CURRENT_USER SET session_replication_role = replica",
            "session_replication_role keeps triggers from firing for",
        ),
    ],
)
def test_triggers_that_do_not_refuse_are_noticed(db: None, harm: str, told: str) -> None:
    execute(harm)
    assert any(told in problem for problem in watch.triggers())
    with pytest.raises(CommandError, match=told):
        call_command("audit_verify")


@on_sqlite
@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ([], "_no_update is gone"),
        (
            [f'CREATE TRIGGER "{TABLE}_no_update" BEFORE UPDATE ON "{TABLE}" BEGIN SELECT 1; END'],
            "_no_update is not the one that refuses",
        ),
    ],
)
def test_dropped_and_replaced_triggers_are_noticed(db: None, harm: list[str], told: str) -> None:
    for sql in (f'DROP TRIGGER "{TABLE}_no_update"', *harm):
        execute(sql)
    with pytest.raises(CommandError, match=told):
        call_command("audit_verify")


@on_sqlite
def test_recursive_triggers_that_are_off_are_noticed(db: None) -> None:
    execute("PRAGMA recursive_triggers=OFF")
    try:
        assert any("recursive_triggers" in problem for problem in watch.triggers())
    finally:
        execute("PRAGMA recursive_triggers=ON")
