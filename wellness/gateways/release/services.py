"""Asking for data without identity, approving it, and taking it: never by one person alone."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

import pyarrow as pa
from django.db import transaction
from pyarrow import parquet

from wellness.accounts.models import User
from wellness.audit.services import SYSTEM_CHAIN, record
from wellness.gateways.models import Release
from wellness.gateways.release.table import Table, table
from wellness.lib.refusal import Refusal
from wellness.studies.models import Study

LASTS = timedelta(days=7)
FORMATS = ("csv", "parquet")
LEAST_WHY = 15


@transaction.atomic
def ask(*, study: Study, why: str, by: User, now: datetime) -> Release:
    """The request, which somebody else has to approve."""
    if len(why.strip()) < LEAST_WHY:
        raise Refusal("why_too_short", f"Say in {LEAST_WHY} characters or more what it is for.", field="why")
    asked = Release.objects.create(study=study, why=why.strip(), asked_by=by, asked_at=now)
    _note(asked, "release.ask", by, now)
    return asked


@transaction.atomic
def approve(*, release: Release, by: User, now: datetime) -> None:
    """The release may be taken for a week by whoever asked for it; Refusal for one's own."""
    if release.asked_by_id == by.pk:
        raise Refusal("own_request", "Somebody else has to approve this.", status=403)
    waiting = Release.objects.filter(pk=release.pk, approved_at=None)
    if waiting.update(approved_by=by, approved_at=now, expires_at=now + LASTS) == 0:
        raise Refusal("approved_before", "This was approved already.", status=409)
    _note(release, "release.approve", by, now)


def made(release: Release, format: str, now: datetime) -> tuple[Table, bytes]:  # noqa: A002
    """What leaves, made from what people agree to at this moment, and its file."""
    found = table(release.study, release.public_id, now)
    return found, (as_parquet if format == "parquet" else as_csv)(found)


def as_csv(found: Table) -> bytes:
    """The table as CSV: one row a person and day, empty where there is no value."""
    file = io.StringIO()
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["person", "date", *found.measures])
    for row in found.rows:
        out.writerow([row.person, row.on.isoformat(), *(row.values.get(name, "") for name in found.measures)])
    return file.getvalue().encode()


def as_parquet(found: Table) -> bytes:
    """The table as Parquet, null where there is no value."""
    columns: dict[str, list[object]] = {
        "person": [row.person for row in found.rows],
        "date": [row.on for row in found.rows],
    }
    types = {"person": pa.string(), "date": pa.date32()} | dict.fromkeys(found.measures, pa.float64())
    columns |= {name: [row.values.get(name) for row in found.rows] for name in found.measures}
    file = io.BytesIO()
    parquet.write_table(pa.table(columns, schema=pa.schema(list(types.items()))), file, compression="zstd")
    return file.getvalue()


def _note(release: Release, action: str, by: User, now: datetime) -> None:
    record(
        chain=SYSTEM_CHAIN,
        actor=by.actor,
        action=action,
        object=f"release:{release.public_id}",
        reason=f"of study {release.study.public_id}",
        at=now,
    )
