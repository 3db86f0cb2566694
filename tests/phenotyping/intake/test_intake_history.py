"""Random histories of one person's uploads: what is read is the set of rows that were accepted, bit for bit.

HISTORIES=200 runs that many; otherwise a few are run.
"""

import csv
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from pytest_django import Settings

from phenotyping.days.models import Day
from phenotyping.intake import chunks, orphans, quarantine
from phenotyping.intake.chunks import ChunkUnreadable
from phenotyping.intake.decoding.formats import CSV, JSON, NDJSON, PARQUET
from phenotyping.intake.decoding.statement import Statement
from phenotyping.intake.models import Chunk
from phenotyping.intake.reading import read
from phenotyping.intake.services import receive
from phenotyping.intake.verification import verify_person
from phenotyping.streams.catalogue import STREAMS
from phenotyping.streams.columns import Column
from phenotyping.streams.samples import TIME, Columns
from tests import factories
from tests.phenotyping.intake.gathering import CAME, MIDNIGHT, MIDNIGHT_MS
from tests.phenotyping.intake.stores import keep
from wellness.consent.purposes import COLLECT
from wellness.consent.services import withdraw
from wellness.lib.clock import from_us, to_us
from wellness.studies.models import Device, Enrollment
from wellness.work import kinds

N_HISTORIES, N_STEPS = int(os.environ.get("HISTORIES", "5")), 30
DAY_MS = 86_400_000
EVER = datetime(2010, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
TEXTS = ("a", "é", "日本", "😀", "null", "nan", "a,b", '"q"', " b ", "\ufeffx", "\u2028", "x" * 256)
ZONES = ("", "Europe/Helsinki", "Asia/Tokyo", "Pacific/Honolulu", "Pacific/Auckland")

Sample = dict[str, Any]
Row = tuple[Any, ...]
Interval = tuple[datetime, datetime]


def sortable(column: Column, value: Any) -> tuple[bool, Any]:
    """A value in the order that reading promises: by its bits, missing ones last."""
    if value is None:
        return True, 0
    if column.kind != "real":
        return False, value
    bits = int(np.float64(value).view(np.int64))
    return False, bits ^ (2**63 - 1) if bits < 0 else bits


def is_fine(stream: str, sample: Sample) -> bool:
    """Whether a row may be kept, as far as its values say."""
    found = [(one, sample.get(one.name)) for one in STREAMS[stream].columns]
    known = [(one.low, value, one.high) for one, value in found if value is not None]
    plausible = all(low is None or high is None or low <= value <= high for low, value, high in known)
    return (
        plausible and sample[TIME] > 0 and all(value is not None or not one.required for one, value in found)
    )


def shown(stream: str, columns: Columns) -> list[Row]:
    """What was read, as rows like those of the model."""
    if not columns[TIME].size:
        return []
    found = [columns[TIME].tolist()]
    for column in STREAMS[stream].columns:
        values = columns[column.name].tolist()
        known = [None if value is None or value != value else value for value in values]  # noqa: PLR0124  nan
        found.append([sortable(column, value) for value in known])
    return list(zip(*found, strict=True))


def packed(media: str, stream: str, columns: dict[str, list[Any]]) -> bytes:
    """A body of that format."""
    rows = list(zip(*columns.values(), strict=True))
    if media == JSON:
        return json.dumps({"streams": {stream: columns}}).encode()
    if media == NDJSON:
        return "\n".join(json.dumps(dict(zip(columns, row, strict=True))) for row in rows).encode()
    if media == CSV:
        text = io.StringIO()
        flags = {True: "true", False: "false"}
        cells = ([flags[one] if isinstance(one, bool) else one for one in row] for row in rows)
        csv.writer(text).writerows([[*columns], *cells])
        return text.getvalue().encode()
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file)
    return file.getvalue()


@dataclass
class History:
    """What happened to a person's samples so far, and what must be kept of them."""

    person: Enrollment
    device: Device
    random: Random
    now: datetime = CAME
    kept: dict[str, dict[Row, Row]] = field(default_factory=lambda: {name: {} for name in STREAMS})
    withdrawn: set[str] = field(default_factory=set)
    settled: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    harmed: dict[int, bytes] = field(default_factory=dict)

    def upload(self) -> None:
        """Rows of one stream in some format, some of them refused, most of them near some others."""
        stream = self.random.choice([*STREAMS])
        media, boot = self.random.choice((JSON, NDJSON, CSV, PARQUET)), self.random.choice(("", "b1", "b2"))
        said = Statement(zone=self.random.choice(ZONES), boot_id=boot)
        columns = [one for one in STREAMS[stream].columns if one.required or self.random.random() < 0.7]
        samples = [self._sample(columns) for _ in range(self.random.choice((3, 30, 65, 150)))]
        names = [TIME, "monotonic_ms", *(column.name for column in columns)]
        self.random.shuffle(names)
        body = packed(media, stream, {name: [one[name] for one in samples] for name in names})
        sent = {"device": self.device, "upload_id": uuid4(), "body": body, "content_type": media}
        sent |= {"content_encoding": "", "stream": stream, "said": said}
        receipt, new = receive(**sent, now=self.now)
        fine = [] if stream in self.withdrawn else [one for one in samples if is_fine(stream, one)]
        assert (new, receipt["sent"], receipt["stored"]) == (True, len(samples), len(fine))
        assert receipt["refused"] == sum(one["n"] for one in receipt["streams"][stream]["refusals"])
        self.settled.append((sent, receipt))
        for one in fine:
            self._keep(stream, one, boot)

    def again(self) -> None:
        """An upload comes once more."""
        if self.settled:
            sent, receipt = self.random.choice(self.settled)
            assert receive(**sent, now=self.now) == (receipt, False)

    def gather(self) -> None:
        self.now += timedelta(hours=2)
        kinds.drain(self.now, "gather")
        assert not Chunk.objects.fragments().exclude(stream__in=self.withdrawn).exists()

    def collect(self) -> None:
        self.now += timedelta(hours=self.random.choice((1, 30)))
        orphans.collect(self.now)
        orphans.collect_superseded(self.now)

    def consent(self) -> None:
        """A stream is withdrawn, or all are agreed to again, for all time."""
        self.now += timedelta(seconds=1)
        if self.withdrawn and self.random.random() < 0.5:
            factories.agree_to_everything(self.person, self.now)
            self.withdrawn.clear()
        else:
            self.withdrawn.add(stream := self.random.choice([*STREAMS]))
            withdraw(enrollment=self.person, now=self.now, scopes=[(COLLECT, stream)])

    def harm(self) -> None:
        """A byte of a chunk is damaged: it is set aside when it is read, and what it held is missing."""
        live = list(Chunk.objects.live().order_by("pk"))
        if live:
            chunk = self.random.choice(live)
            self.harmed[chunk.pk] = sealed = chunks.sealed_bytes(chunk)
            keep(chunk, sealed[:-1] + bytes([sealed[-1] ^ 1]))
            with pytest.raises(ChunkUnreadable):
                read(self.person, STREAMS, *EVER)
            assert len(verify_person(self.person).faults) == len(self.harmed)

    def mend(self) -> None:
        for pk, sealed in self.harmed.items():
            keep(Chunk.objects.get(pk=pk), sealed)
            assert quarantine.release(self.person, Chunk.objects.get(pk=pk), self.now)
        self.harmed.clear()

    def look(self, interval: Interval | None = None) -> None:
        """What is read of an interval is what was accepted, as long as no chunk is damaged."""
        some = MIDNIGHT + timedelta(hours=self.random.randrange(48))
        start, end = interval or (some, some + timedelta(hours=self.random.choice((1, 24))))
        found = read(self.person, STREAMS, start, end)
        for stream, kept in self.kept.items():
            due = [row for row in kept if to_us(start) <= row[0] < to_us(end)]
            rows = shown(stream, found[stream])
            if self.harmed:
                assert set(rows) <= set(due)
            else:
                assert rows == sorted(due, key=lambda row: (row[0], kept[row], row))

    def end(self) -> None:
        """Everything is whole, and days are what they would be if all of them were computed anew."""
        self.mend()
        self.gather()
        self.look(EVER)
        assert verify_person(self.person).faults == []
        self.now += timedelta(days=9)
        computed = self.days()
        Day.objects.update(stale_seq=10_000, run_after=self.now)
        assert computed == self.days()
        zones, instants = self.person.zones(), {row[0] for kept in self.kept.values() for row in kept}
        assert {row[0] for row in computed} == {zones.local_date(from_us(one)) for one in instants}

    def days(self) -> list[Row]:
        """All days, those that were due computed."""
        kinds.drain(self.now, "day")
        return list(Day.objects.values_list("on", "starts_at", "ends_at", "input_sha256", "values_sha256"))

    def _sample(self, columns: Sequence[Column]) -> Sample:
        whole = MIDNIGHT_MS + self.random.choice((0, DAY_MS - 1, self.random.randrange(2 * DAY_MS)))
        ms = 0 if self.random.random() < 0.02 else whole + self.random.choice((0, 0.001))
        sample = {TIME: ms, "monotonic_ms": float(self.random.randrange(3))}
        return sample | {column.name: self._value(column) for column in columns}

    def _value(self, column: Column) -> Any:
        if self.random.random() < (0.02 if column.required else 0.3):
            return None
        if column.kind in ("flag", "text", "word"):
            return self.random.choice(column.words or (TEXTS if column.kind == "text" else (False, True)))
        low, high = column.low or 0.0, column.high or 0.0
        if column.kind == "int":
            return self.random.choice((int(low), int(low) + 1, int(high)))
        values = (low, high, -0.0, 5e-324, low + 0.25, self.random.uniform(low, high), 1e300)
        return self.random.choices(values, (9, 9, 9, 1, 9, 9, 0.1))[0]

    def _keep(self, stream: str, sample: Sample, boot: str) -> None:
        """Of equal rows the place of the first counts, in the order of boots and their clocks."""
        us = int(np.rint(sample[TIME] * 1_000))
        row = (us, *(sortable(column, sample.get(column.name)) for column in STREAMS[stream].columns))
        place = (not boot, boot, sample["monotonic_ms"])
        self.kept[stream][row] = min(place, self.kept[stream].get(row, place))


@pytest.mark.long
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("seed", range(N_HISTORIES))
def test_what_is_read_is_what_was_accepted(device: tuple[Device, str], settings: Settings, seed: int) -> None:
    settings.CHUNK_ROW_BYTES = (0, 2**20)[seed % 2]
    history = History(device[0].enrollment, device[0], Random(seed))
    often = [history.upload] * 9 + [history.look] * 3 + [history.gather] * 2
    seldom = [history.again, history.collect, history.consent, history.days, history.harm, history.mend]
    for _ in range(N_STEPS):
        history.random.choice(often + seldom)()
        history.now += timedelta(seconds=7)
    history.end()
