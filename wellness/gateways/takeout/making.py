"""Making a copy: one zip file of everything, written through the seal as it is read, part by part."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string
from pyarrow import parquet

from phenotyping.features.registry import FEATURE_SET_VERSION
from wellness.gateways.takeout import coaching, health, profile, samples
from wellness.gateways.takeout.archive import stored
from wellness.gateways.takeout.coverage import LEFT_OUT
from wellness.gateways.takeout.progress import Progress
from wellness.studies.models import Enrollment

FORMAT_VERSION = 1
PAGE = "index.html"
SHOWN = ("profile", "consent", "access", "decisions")  # on that page
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


class Making:
    """One run at a copy: records as JSON, samples and days as Parquet, a page to read and a manifest.

    It goes on where `progress` is, a part at a time: a kind of record, as much of a stream as time allows.
    """

    def __init__(self, person: Enrollment, archive: zipfile.ZipFile, progress: Progress) -> None:
        self._person, self._archive, self._progress = person, archive, progress

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing; the archive is closed then."""
        return PAGE in self._progress.done

    def step(self, now: datetime, *, until: float) -> None:
        """Write the next part."""
        name = next((name for name in RECORDS if name not in self._progress.done), None)
        if name is not None:
            self._records(name, now)
            return
        left = [one for one in samples.streams(self._person) if one not in self._progress.done]
        if left:
            self._stream(left[0], until)
        else:
            self._end(now)

    def _records(self, name: str, now: datetime) -> None:
        about, records = RECORDS[name]
        found = records(self._person, now)
        self._archive.writestr(f"{name}.json", _json(found))
        self._progress.files[f"{name}.json"] = {"about": about, "n_records": _count(found)}
        if name == "days":
            self._days(found)
        self._progress.done.append(name)

    def _days(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            with self._archive.open(stored("days.parquet"), "w") as member:
                parquet.write_table(pa.Table.from_pylist(rows), member, compression="zstd")
        self._progress.files["days.parquet"] = {"about": RECORDS["days"][0], "n_records": len(rows)}

    def _stream(self, stream: str, until: float) -> None:
        """One more file of a stream; the last one tells what became of all its rows."""
        at = self._progress
        name = f"samples/{stream}{f'-{at.n_files + 1}' if at.n_files else ''}.parquet"
        with self._archive.open(stored(name), "w", force_zip64=True) as member:
            n_rows, next_at = samples.write(self._person, stream, member, start=at.next_at, until=until)
        at.wrote(n_rows, next_at)
        if next_at is not None:
            at.files[name] = {"about": stream, "n_records": n_rows}
            return
        about = stream if at.n_files == 1 else f"{stream}, all {at.n_files} files together"
        at.files[name] = {"about": about} | asdict(samples.tally(self._person, stream, at.n_rows))
        at.done.append(stream)
        at.next_stream()

    def _end(self, now: datetime) -> None:
        manifest = {
            "format": FORMAT_VERSION,
            "made_at": now,
            "feature_set": FEATURE_SET_VERSION,
            "files": self._progress.files,
            "left_out": dict(LEFT_OUT),
        }
        self._archive.writestr("manifest.json", _json(manifest))
        found = {name: RECORDS[name][1](self._person, now) for name in SHOWN}
        page = {"manifest": manifest, "person": found["profile"], "found": found}
        self._archive.writestr(PAGE, render_to_string("takeout/index.html", page))
        self._archive.close()
        self._progress.done.append(PAGE)


def _json(value: Any) -> str:
    return json.dumps(value, cls=_Encoder, ensure_ascii=False, indent=1)


def _count(records: Any) -> int:
    return len(records) if isinstance(records, list) else int(records is not None)
