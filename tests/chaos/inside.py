"""What is asked of the server's own code, in a process of its own: `python -m tests.chaos.inside QUESTION`.

A question is a function below; its arguments come as JSON on standard input, its answer goes as JSON to the
last line of standard output.
"""

from __future__ import annotations

import base64
import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
import numpy as np

django.setup()

from django.apps import apps  # noqa: E402  models are ready only now
from django.conf import settings  # noqa: E402
from django.core.management import CommandError, call_command  # noqa: E402
from django.test import Client  # noqa: E402

from phenotyping.days.models import Day  # noqa: E402
from phenotyping.intake import orphans  # noqa: E402
from phenotyping.intake.models import Chunk, Upload, UploadPart  # noqa: E402
from phenotyping.intake.reading import read  # noqa: E402
from phenotyping.streams.catalogue import STREAM_NAMES, STREAMS  # noqa: E402
from phenotyping.streams.samples import TIME, Columns  # noqa: E402
from tests import factories  # noqa: E402
from tests.chaos.comparison import digest  # noqa: E402
from wellness.lib.clock import from_us, utc_now  # noqa: E402
from wellness.studies.models import Enrollment  # noqa: E402
from wellness.studies.services import issue_device  # noqa: E402
from wellness.work import claims, kinds  # noqa: E402

EARLY, LATE = from_us(0), from_us(2**52)
GRACE = timedelta(seconds=30)
WATCHED = ("day", "gather")  # what uploads cause; the other kinds must only not be stuck


def found(people: list[str]) -> dict[str, str]:
    """New tables, and a study whose people have agreed to everything: the token of each one's phone."""
    call_command("migrate", verbosity=0)
    study, tokens = factories.study(), {}
    for name in people:
        person = factories.enrollment(study, name)
        factories.agree_to_everything(person)
        tokens[name] = issue_device(enrollment=person, platform="android", now=utc_now())[1]
    return tokens


def take_in(people: list[str], sent: list[dict[str, Any]]) -> dict[str, Any]:
    """The facts of new people once each upload was handed in, in order, by one process, and all work done."""
    tokens = found(people)
    settings.UPLOADS_WAIT_S = 0  # no worker takes part: days wait until the last upload is in
    phone = Client(headers={"host": "localhost"})
    for one in sent:
        body, media = base64.b64decode(one["body"]), one["headers"].pop("Content-Type")
        headers = {"Authorization": f"Bearer {tokens[one['person']]}"} | one["headers"]
        answer = phone.put(one["address"], body, content_type=media, headers=headers)
        assert answer.status_code == 201, answer.content
    return work_off()


def work_off() -> dict[str, Any]:
    """The facts once all is done that is due, now or after a lease or a waiting time; no worker may run."""
    kinds.drain(utc_now() + claims.LEASE + timedelta(hours=2), *WATCHED)
    return facts()


def settle(within_s: float) -> dict[str, Any]:
    """How long the workers needed until nothing was due; what was still due, and leases that nobody ended."""
    began, overdue = time.monotonic(), set()
    while (left := _left()) and time.monotonic() - began < within_s:
        overdue |= set(_overdue())
        time.sleep(0.5)
    return {"seconds": round(time.monotonic() - began, 1), "left": left, "overdue": sorted(overdue)}


def facts() -> dict[str, Any]:
    """All that the server can say about the uploads, once what nothing needs any more is dropped."""
    chunks = {state: Chunk.objects.filter(state=state).count() for state in Chunk.State.values}
    n_orphans = len(list(orphans.orphans()))
    tomorrow = utc_now() + timedelta(days=2)
    orphans.collect_superseded(tomorrow)
    orphans.collect(tomorrow)
    people = list(Enrollment.objects.order_by("code"))
    return {
        "receipts": _receipts(),
        "parts": _parts(),
        "rows": {person.code: _rows(person) for person in people},
        "days": {person.code: _days(person) for person in people},
        "dead": [f"{model.__name__} {row.pk}" for model in _claimable() for row in _given_up(model)],
        "chunks": chunks,
        "n_orphans": n_orphans,
        "objects": _objects(),
        "verified": {name: _verified(name) for name in ("ledger_verify", "audit_verify", "consent_verify")},
    }


def _verified(command: str) -> str:
    """What a command finds wrong; nothing when it finds nothing."""
    said = io.StringIO()
    try:
        call_command(command, stdout=said, stderr=said)
    except (CommandError, SystemExit) as error:
        return f"{said.getvalue()} {error}"
    return ""


def _left() -> dict[str, int]:
    """Rows due now or once a lease or a waiting time is over, by kind."""
    later = utc_now() + timedelta(hours=2)
    counts = {name: kinds.KINDS[name].due(later).count() for name in WATCHED}
    return {name: n for name, n in counts.items() if n}


def _overdue() -> Iterator[str]:
    """Rows that a dead worker holds, and no other has taken over half a minute after its lease."""
    now = utc_now()
    for name, kind in kinds.KINDS.items():
        for pk in kind.due(now).filter(lease_until__lt=now - GRACE).values_list("pk", flat=True):
            yield f"{name} {pk}"


def _claimable() -> list[Any]:
    return [model for model in apps.get_models() if issubclass(model, claims.Claimable)]


def _given_up(model: Any) -> Any:
    return model.objects.filter(attempts__gte=claims.MAX_ATTEMPTS)


def _receipts() -> dict[str, list[Any]]:
    """Every upload there is, by its id: more than one under an id would be a doubled one."""
    found: dict[str, list[Any]] = {}
    for upload in Upload.objects.all():
        totals = {"sent": upload.n_sent, "stored": upload.n_stored, "refused": upload.n_refused}
        assert totals.items() <= upload.receipt.items(), (
            f"{upload.public_id}: its columns differ from its receipt"
        )
        found.setdefault(str(upload.public_id), []).append(upload.receipt)
    return found


def _parts() -> dict[str, dict[str, list[int]]]:
    found: dict[str, dict[str, list[int]]] = {}
    for part in UploadPart.objects.select_related("upload"):
        counts = [part.n_sent, part.n_stored, part.n_refused]
        found.setdefault(str(part.upload.public_id), {})[part.stream] = counts
    return found


def _rows(person: Enrollment) -> dict[str, list[Any]]:
    columns = read(person, STREAM_NAMES, EARLY, LATE)
    return {name: digest(_tuples(name, found)) for name, found in columns.items() if found[TIME].size}


def _tuples(stream: str, columns: Columns) -> list[tuple[Any, ...]]:
    names = [column.name for column in STREAMS[stream].columns]
    values = [columns[TIME] / 1_000, *(columns[name] for name in names)]
    plain = [[None if _missing(value) else value for value in column.tolist()] for column in values]
    return list(zip(*plain, strict=True))


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))


def _days(person: Enrollment) -> dict[str, list[Any]]:
    """By date, everything of a day that may not depend on when or how its data came."""
    fields = ("zone", "starts_at", "ends_at", "feature_set", "input_sha256", "values_sha256", "n_values")
    more = ("observed_min", "expected_min", "lost_min", "silence")
    days = Day.objects.filter(enrollment=person).values("on", *fields, *more)
    return {str(day.pop("on")): [str(value) for value in day.values()] for day in days}


def _objects() -> dict[str, list[str]]:
    """Objects that no chunk names, and those of chunks that are not there."""
    folder = Path(settings.VAR_DIR, "chunks")
    there = {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}
    named = set(Chunk.objects.exclude(object_name=None).values_list("object_name", flat=True))
    return {"unnamed": sorted(there - named), "gone": sorted(named - there)}


if __name__ == "__main__":
    questions: dict[str, Callable[..., Any]] = {
        one.__name__: one for one in (found, take_in, work_off, settle, facts)
    }
    print(json.dumps(questions[sys.argv[1]](**json.load(sys.stdin))))  # noqa: T201
