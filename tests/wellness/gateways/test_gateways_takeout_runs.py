"""A copy that takes longer than a task may is made by several runs, each going on where the last one was."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from django.core.files.storage import storages
from django.utils import timezone
from pyarrow import parquet

from coach.decisions.models import Decision
from tests.factories import coaching
from tests.factories.phone import battery, local, upload, walk
from tests.wellness.gateways.conftest import copied
from wellness.gateways.models import Takeout
from wellness.gateways.takeout import making, pieces, progress, samples, services
from wellness.studies.models import Device, Enrollment
from wellness.work.kinds import drain, run_one


def _contents(archive: zipfile.ZipFile) -> dict[str, Any]:
    """What the members say, but for when they were made and who looked."""
    names = [name for name in archive.namelist() if name.endswith(".json")]
    found = {name: json.loads(archive.read(name)) for name in names if name != "access.json"}
    del found["manifest.json"]["made_at"]
    return found


@pytest.fixture
def days_of_walking(device: tuple[Device, str]) -> None:
    """Three days, each with battery and steps."""
    for k in range(3):
        noon = local(coaching.TUESDAY + timedelta(days=k), "12:00")
        before = noon - timedelta(hours=3)
        upload(device[0], noon, battery=battery(before, noon), steps=walk(before, 30))


def test_what_is_made_in_many_runs_is_what_one_run_makes(
    ada: Enrollment, lived: Decision, days_of_walking: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, at_once = copied(ada)
    monkeypatch.setattr(services, "BUDGET_S", 0.0)
    monkeypatch.setattr(pieces, "PIECE_BYTES", 512)  # several of a run, the last of each shorter
    asked = services.ask(enrollment=ada, actor=ada.user.actor, now=timezone.now())
    n_runs = drain(timezone.now(), "takeout")["takeout"]
    made = Takeout.objects.select_related("enrollment__study").get(pk=asked.pk)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces.read(made))))
    assert n_runs == len(made.runs) >= len(making.RECORDS) + 6
    assert (made.state, made.sealed_progress, archive.testzip()) == ("made", None, None)
    assert made.n_bytes == sum(len(piece) for piece in pieces.read(made))
    both = _contents(archive), _contents(at_once)
    files = [one["manifest.json"].pop("files") for one in both]
    assert both[0] == both[1]
    for stream in ("battery", "steps"):
        names = [name for name in archive.namelist() if name.startswith(f"samples/{stream}")]
        assert len(names) >= 3
        parts = [parquet.read_table(io.BytesIO(archive.read(name))) for name in names]
        whole = parquet.read_table(io.BytesIO(at_once.read(f"samples/{stream}.parquet")))
        assert pa.concat_tables(parts) == whole
        told = [
            [one for name, one in said.items() if name.startswith(f"samples/{stream}") and "n_rows" in one]
            for said in files
        ]
        assert [[one | {"about": stream} for one in said] for said in told] == [told[1], told[1]]


def test_a_run_that_is_killed_loses_only_what_it_had_not_kept(
    ada: Enrollment, lived: Decision, days_of_walking: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    monkeypatch.setattr(services, "KEEP_EVERY_S", 0.0)
    asked = services.ask(enrollment=ada, actor=ada.user.actor, now=now)
    with monkeypatch.context() as killed:
        killed.setattr(samples, "write", _killed)
        killed.setattr(pieces, "tidy", lambda *_, **__: None)  # who is killed tidies nothing
        with pytest.raises(SystemExit):
            run_one("takeout", asked.pk, now)
    cut = Takeout.objects.select_related("enrollment__study").get(pk=asked.pk)
    assert progress.begun(cut).done == list(making.RECORDS)
    assert run_one("takeout", asked.pk, now + timedelta(minutes=6))
    made = Takeout.objects.select_related("enrollment__study").get(pk=asked.pk)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces.read(made))))
    assert (archive.testzip(), len(made.runs)) == (None, 2)
    folder = f"takeouts/{ada.public_id}/{made.public_id}"
    assert len(storages["default"].listdir(folder)[1]) == sum(n for _, n in made.runs)


def _killed(*args: Any, **more: Any) -> None:
    raise SystemExit


def test_who_leaves_between_two_runs_leaves_no_piece(
    ada: Enrollment, lived: Decision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BUDGET_S", 0.0)
    asked = services.ask(enrollment=ada, actor=ada.user.actor, now=timezone.now())
    assert run_one("takeout", asked.pk, timezone.now())
    folder = f"takeouts/{ada.public_id}/{asked.public_id}"
    assert storages["default"].listdir(folder)[1]
    Takeout.objects.update(state="gone")
    pieces.tidy(Takeout.objects.select_related("enrollment__study").get())
    assert storages["default"].listdir(folder)[1] == []
    assert drain(timezone.now(), "takeout") == {"takeout": 0}
