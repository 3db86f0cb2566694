"""Making a copy: one zip file of everything, written through the seal as it is read."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from types import MappingProxyType
from typing import IO, Any, cast

import pyarrow as pa
from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string
from pyarrow import parquet

from phenotyping.features.registry import FEATURE_SET_VERSION
from wellness.gateways.takeout import coaching, health, profile, samples
from wellness.gateways.takeout.coverage import LEFT_OUT
from wellness.studies.models import Enrollment

FORMAT_VERSION = 1
Records = Callable[[Enrollment, datetime], Any]

RECORDS: Mapping[str, tuple[str, Records]] = MappingProxyType(
    {
        "profile": ("Who you are here, your time zones and phones", profile.profile),
        "consent": ("What you agreed to and withdrew, with the texts", profile.consent),
        "access": ("Who did what with your data, and when", profile.access),
        "uploads": ("What your phones sent, with their receipts", profile.uploads),
        "answers": ("What you answered, corrections with their history", health.answers),
        "prompts": ("When you were asked", health.prompts),
        "days": ("Your daily measures, with how much was observed", health.days),
        "missing": ("When data are missing, and why", health.missing),
        "twin": ("What the model of you concluded", health.twin),
        "forecasts": ("What it expected, and when", health.forecasts),
        "decisions": ("Every decision about a suggestion, and why", coaching.decisions),
        "deliveries": ("What was suggested, and what you answered", coaching.deliveries),
        "safety": ("Calls for help, and times in which suggestions rested", coaching.safety),
    }
)


class _Encoder(DjangoJSONEncoder):
    """Times to the microsecond: Django's encoder would cut them to the millisecond."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


# What an inspection reads of somebody who left: what was done and found, not who they are or who looked.
INSPECTED = ("consent", "answers", "days", "missing", "decisions", "deliveries", "safety")


def inspected(person: Enrollment, now: datetime) -> str:
    """The records that an inspection reads, as JSON."""
    return _json({name: RECORDS[name][1](person, now) for name in INSPECTED})


def write(person: Enrollment, file: io.RawIOBase, now: datetime) -> None:
    """Write the zip file: records as JSON, samples and days as Parquet, a page to read and a manifest."""
    manifest: dict[str, Any] = {"format": FORMAT_VERSION, "made_at": now, "feature_set": FEATURE_SET_VERSION}
    manifest["files"], found = {}, {}
    with zipfile.ZipFile(cast(IO[bytes], file), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (about, records) in RECORDS.items():
            found[name] = records(person, now)
            archive.writestr(f"{name}.json", _json(found[name]))
            manifest["files"][f"{name}.json"] = {"about": about, "n_records": _count(found[name])}
        _write_days(archive, found["days"])
        manifest["files"]["days.parquet"] = {"about": RECORDS["days"][0], "n_records": len(found["days"])}
        for stream in samples.streams(person):
            with archive.open(_stored(f"samples/{stream}.parquet"), "w", force_zip64=True) as member:
                tally = samples.write(person, stream, member)
            manifest["files"][f"samples/{stream}.parquet"] = {"about": stream} | asdict(tally)
        manifest["left_out"] = dict(LEFT_OUT)
        archive.writestr("manifest.json", _json(manifest))
        page = {"manifest": manifest, "person": found["profile"], "found": found}
        archive.writestr("index.html", render_to_string("takeout/index.html", page))


def _write_days(archive: zipfile.ZipFile, rows: list[dict[str, Any]]) -> None:
    if rows:
        with archive.open(_stored("days.parquet"), "w") as member:
            parquet.write_table(pa.Table.from_pylist(rows), member, compression="zstd")


def _stored(name: str) -> zipfile.ZipInfo:
    """A member that is compressed already."""
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_STORED
    return info


def _json(value: Any) -> str:
    return json.dumps(value, cls=_Encoder, ensure_ascii=False, indent=1)


def _count(records: Any) -> int:
    return len(records) if isinstance(records, list) else int(records is not None)
