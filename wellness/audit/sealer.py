"""Making checkpoints: every minute, over all entries that no running transaction can come before."""

from __future__ import annotations

import time
from base64 import b64encode
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max

from wellness.audit import checkpoints
from wellness.audit.checkpoints import Checkpoint, fingerprint
from wellness.audit.models import AuditEntry, CheckpointMark
from wellness.audit.sealed import Sealed
from wellness.lib.clock import to_us
from wellness.lib.merkle import Frontier

BATCH = 10_000
HEARTBEAT = timedelta(hours=1)  # nothing happened: said once an hour
PATIENCE_S = 5.0

_WRITERS = """
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'relation' AND relation = %s::regclass AND mode = 'RowExclusiveLock' AND granted
      AND pid <> pg_backend_pid()
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Disagreement(Exception):
    """Files and database do not continue each other; an operator must look, and may begin again."""


def seal(*, now: datetime) -> Checkpoint | None:
    """The newest checkpoint, made when there was something to add; Disagreement rather than a wrong one."""
    upto, made = settled(), None
    while True:
        step = _seal_batch(now, upto)
        if step is None:
            return made
        made = step


def settled() -> int:
    """The highest key below which no entry can appear any more.

    Keys are given when an entry is inserted and seen when its transaction commits. Whoever inserted holds the
    table's lock until then, so the highest key seen is settled when all who hold it now are gone.
    """
    upto = AuditEntry.objects.aggregate(last=Max("pk"))["last"] or 0
    if connection.vendor != "postgresql":  # SQLite has one writer at a time
        return upto
    waited_for, until = _writers(), time.monotonic() + PATIENCE_S
    while waited_for and time.monotonic() < until:
        time.sleep(0.02)
        waited_for &= _writers()
    return 0 if waited_for else upto


def restart(*, now: datetime, reason: str) -> Checkpoint:
    """A checkpoint over what there is now, with its reason; earlier ones count as far as they agree."""
    with transaction.atomic():
        mark = _mark()
        before = checkpoints.newest()
        leaves = list(AuditEntry.objects.order_by("pk").values_list("pk", "hash"))
        frontier = Frontier().extended(bytes.fromhex(value) for _, value in leaves)
        made = Checkpoint(
            n=max(mark.n, before.n if before else 0) + 1,
            at_us=to_us(now),
            size=frontier.size,
            root=frontier.root.hex(),
            last_pk=leaves[-1][0] if leaves else 0,
            nodes=tuple(node.hex() for node in frontier.nodes),
            previous=before.digest if before else "",
            restart=reason,
            kept=_agreeing([value for _, value in leaves]),
        )
        return _keep(made, mark)


def agreement(mark: CheckpointMark, last: Checkpoint | None) -> str:
    """What keeps files and database from continuing each other, in words; "" when nothing does."""
    if last is None:
        return "" if mark.n == 0 else f"checkpoint {mark.n} was made, and its files are gone"
    if last.n < mark.n:
        return f"checkpoint {mark.n} was made, and the files end at {last.n}"
    if last.n == mark.n and last.digest != mark.digest:
        return f"checkpoint {last.n} is not the one that was made"
    if last.n > mark.n + 1 or (last.n == mark.n + 1 and mark.n and last.previous != mark.digest):
        return f"the files are at checkpoint {last.n}, the database at {mark.n}: an older backup?"
    return ""


def _seal_batch(now: datetime, upto: int) -> Checkpoint | None:
    with transaction.atomic():
        mark, last = _mark(), checkpoints.newest()
        _require_agreement(mark, last)
        after = last.last_pk if last else 0
        rows = AuditEntry.objects.filter(pk__gt=after, pk__lte=upto).order_by("pk")
        added = list(rows.values_list("pk", "hash")[:BATCH])
        idle = last is None or now - last.at < HEARTBEAT
        if not added and idle:
            return None
        return _keep(_next(last, added, now), mark)


def _next(last: Checkpoint | None, added: list[tuple[int, str]], now: datetime) -> Checkpoint:
    hashes = [value for _, value in added]
    frontier = (last.frontier if last else Frontier()).extended(map(bytes.fromhex, hashes))
    return Checkpoint(
        n=last.n + 1 if last else 1,
        at_us=to_us(now),
        size=frontier.size,
        root=frontier.root.hex(),
        last_pk=added[-1][0] if added else last.last_pk if last else 0,
        nodes=tuple(node.hex() for node in frontier.nodes),
        leaves=b64encode(b"".join(map(fingerprint, hashes))).decode(),
        previous=last.digest if last else "",
    )


def _keep(made: Checkpoint, mark: CheckpointMark) -> Checkpoint:
    """The signed checkpoint, in its file and then noted: a crash in between leaves the file one ahead."""
    signed = made.signed(checkpoints.site_key())
    checkpoints.append(signed)
    mark.n, mark.size, mark.digest = signed.n, signed.size, signed.digest
    mark.save(update_fields=["n", "size", "digest"])
    return signed


def disagreement() -> str:
    """What `agreement` says of now, and goes on to say: a checkpoint may be in the making. Locks nothing."""
    problem = ""
    for _ in range(3):
        problem = agreement(CheckpointMark.objects.first() or CheckpointMark(), checkpoints.newest())
        if not problem:
            break
        time.sleep(0.05)
    return problem


def _require_agreement(mark: CheckpointMark, last: Checkpoint | None) -> None:
    problem = agreement(mark, last)
    if not problem and last and last.size:
        found = AuditEntry.objects.filter(pk=last.last_pk).values_list("hash", flat=True).first()
        if found is None:
            problem = f"the last entry of checkpoint {last.n} is gone: rows removed, or an older backup"
        elif last.leaves and not last.fingerprints.endswith(fingerprint(found)):
            problem = f"the last entry of checkpoint {last.n} is another one"
    if problem:
        raise Disagreement(problem)


def _mark() -> CheckpointMark:
    CheckpointMark.objects.get_or_create(pk=1)
    return CheckpointMark.objects.select_for_update().get(pk=1)


def _writers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS, [AuditEntry._meta.db_table])
        return {one for (one,) in cursor.fetchall()}


def _agreeing(hashes: list[str]) -> int:
    """How many entries from the first on are those that the checkpoints so far hold."""
    held = Sealed.of(checkpoints.read())
    return next((i for i, one in enumerate(hashes) if not held.allows(i, one)), min(len(hashes), held.size))
