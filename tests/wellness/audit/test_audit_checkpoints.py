"""Signed checkpoints: what they hold, that they go on from each other, and the proofs they give."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.tampering import remove
from tests.wellness.audit.conftest import NOON
from wellness.audit import checkpoints, proofs, sealer
from wellness.audit.chain import Row, canonical_row, entry_hash, rows
from wellness.audit.checkpoints import Checkpoint
from wellness.audit.models import AuditEntry, CheckpointMark
from wellness.audit.verification import verify_all
from wellness.lib import signing
from wellness.lib.canonical import canonical
from wellness.lib.merkle import Frontier, continues, includes, leaf_hash
from wellness.lib.refusal import Refusal

Write = Callable[..., None]


def test_what_an_entrys_hash_covers_is_canonical_json(write: Write) -> None:
    write('a"\\ü')
    (row,) = rows(after=0)
    assert row == Row.of(AuditEntry.objects.get())
    fields = {name: value for name, value in row._asdict().items() if name not in ("id", "hash", "role")}
    fields |= {"at": fields.pop("at_us"), "prev": fields.pop("prev_hash")}
    fields["sealed_detail"] = "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"
    assert canonical_row(row) == canonical(fields)
    assert row.hash == entry_hash(AuditEntry.objects.get()) == leaf_hash(canonical(fields)).hex()


def test_checkpoints_go_on_from_each_other_over_months(sealed: list[Checkpoint], folder: Path) -> None:
    assert [path.name for path in sorted(folder.iterdir())] == ["audit-2026-03.jsonl", "audit-2026-04.jsonl"]
    assert list(checkpoints.read()) == sealed
    assert [one.size for one in sealed] == [4, 7, 9]
    assert [one.previous for one in sealed] == ["", sealed[0].digest, sealed[1].digest]
    hashes = AuditEntry.objects.order_by("pk").values_list("hash", flat=True)
    assert sealed[-1].root == Frontier().extended(map(bytes.fromhex, hashes)).root.hex()
    assert verify_all().bad == []


def test_a_checkpoint_is_signed_as_a_whole(sealed: list[Checkpoint]) -> None:
    public = signing.public_bytes(checkpoints.site_key())
    assert all(one.is_signed_by(public) for one in sealed)
    for name, value in (
        ("n", 9),
        ("at_us", 0),
        ("size", 9),
        ("root", "0"),
        ("previous", "x"),
        ("leaves", ""),
    ):
        fields = json.loads(sealed[1].line) | {name: value}
        assert not Checkpoint.of(fields).is_signed_by(public)


def test_without_news_there_is_a_checkpoint_an_hour(sealed: list[Checkpoint]) -> None:
    last = sealed[-1].at
    assert sealer.seal(now=last + timedelta(minutes=59)) is None
    beat = sealer.seal(now=last + timedelta(minutes=60))
    assert beat is not None and (beat.size, beat.root) == (9, sealed[-1].root)
    assert verify_all().bad == []


def test_many_entries_are_sealed_in_steps(
    write: Write, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(sealer, "BATCH", 3)
    write(*"abcabcab")
    last = sealer.seal(now=NOON)
    assert last is not None and (last.n, last.size) == (3, 8)
    assert verify_all().bad == []


def test_a_crash_before_the_note_or_in_a_line_is_gone_on_from(
    sealed: list[Checkpoint], write: Write, folder: Path
) -> None:
    CheckpointMark.objects.update(n=2, size=7, digest=sealed[1].digest)
    with (folder / "audit-2026-04.jsonl").open("ab") as file:
        file.write(b'{"n": 4, "at')
    write("a")
    made = sealer.seal(now=sealed[-1].at + timedelta(minutes=1))
    assert made is not None and (made.n, made.size) == (4, 10)
    assert verify_all().bad == []


def test_an_older_database_is_not_sealed_over_but_begun_from_with_a_reason(
    sealed: list[Checkpoint], write: Write
) -> None:
    for entry in AuditEntry.objects.order_by("-pk")[:3]:
        remove(AuditEntry, entry.pk)
    with pytest.raises(sealer.Disagreement, match="rows removed, or an older backup"):
        sealer.seal(now=sealed[-1].at)
    with pytest.raises(CommandError, match="--restart"):
        call_command("audit_checkpoint")
    begun = sealer.restart(now=sealed[-1].at, reason="restored the backup of noon")
    assert (begun.size, begun.kept) == (6, 6)
    write("z")
    assert sealer.seal(now=sealed[-1].at + timedelta(minutes=1)) is not None
    assert [type(bad).__name__ for bad in verify_all().bad] == ["BadEntry"]  # heads of the chains, only


def test_every_entry_can_be_proved(sealed: list[Checkpoint]) -> None:
    public = signing.public_bytes(checkpoints.site_key())
    for entry in AuditEntry.objects.all():
        proof = SimpleNamespace(**proofs.inclusion(chain=entry.chain, seq=entry.seq))
        head = Checkpoint.of(json.loads(base64.b64decode(proof.checkpoint["line"])))
        assert head.is_signed_by(public)
        leaf, path = leaf_hash(proof.entry.encode()), list(map(bytes.fromhex, proof.path))
        assert leaf.hex() == entry.hash
        root = bytes.fromhex(head.root)
        assert includes(root=root, size=head.size, leaf=leaf, index=proof.index, path=path)


def test_a_later_checkpoint_is_proved_to_hold_an_earlier(sealed: list[Checkpoint]) -> None:
    for first in (1, 2):
        found = proofs.consistency(first, 3)
        old, new = found["first"], found["second"]
        assert continues(
            old=bytes.fromhex(old["root"]),
            old_size=old["size"],
            new=bytes.fromhex(new["root"]),
            new_size=new["size"],
            proof=list(map(bytes.fromhex, found["proof"])),
        )


def test_what_cannot_be_proved_is_refused(sealed: list[Checkpoint], write: Write) -> None:
    write("a")
    with pytest.raises(Refusal, match="not_sealed"):
        proofs.inclusion(chain="a", seq=5)
    with pytest.raises(Refusal, match="unknown_entry"):
        proofs.inclusion(chain="a", seq=9)
    with pytest.raises(Refusal, match="unknown_checkpoint"):
        proofs.consistency(1, 9)


def test_the_commands_say_what_they_found(
    sealed: list[Checkpoint], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("audit_verify")
    assert "9 entries in 3 chains: whole; 9 of them under 3 checkpoints" in capsys.readouterr().out
    call_command("audit_verify", "--proof", "a#2")
    assert json.loads(capsys.readouterr().out)["index"] == 2
    call_command("audit_verify", "--consistency", "1", "2")
    assert json.loads(capsys.readouterr().out)["proof"]
    call_command("audit_verify", "--since", "2026-04-01")
    call_command("audit_checkpoint")
    assert "checkpoint" in capsys.readouterr().out


def test_nothing_is_sealed_past_an_entry_that_is_still_being_written(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another session was given a lower key than entries that are already there, and has not committed."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    monkeypatch.setattr(sealer, "PATIENCE_S", 0.2)
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(
                "INSERT INTO wellness_audit_auditentry "
                "(chain, seq, at, actor, actor_kind, on_behalf_of, action, object, purpose, "
                "outcome, reason, request_id, prev_hash, hash) "
                "VALUES ('slow', 1, now(), '', 'user', '', '', '', '', 'done', '', '', '', '')"
            )
        write("a")
        assert sealer.settled() == 0
        assert sealer.seal(now=NOON) is None
        other.rollback()
        made = sealer.seal(now=NOON)
        assert made is not None and made.size == 1
    finally:
        other.close()
