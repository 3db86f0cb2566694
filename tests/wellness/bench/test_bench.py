"""`manage.py bench`: every figure that is promised, and nothing left behind."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

TEST_DATABASE_URL = os.environ.get("TEST_DATABASE_URL", "")
PROMISED = {
    "consent": {"gate_ms", "bare_lock_ms"},
    "intake": {
        "csv_rows_per_s",
        "copy_rows_per_s",
        "csv_vs_copy",
        "ceiling_share",
        "bytes_per_row",
        "read_rows_per_s",
        "small_uploads_per_s",
        "small_p99_ms",
    },
}
NEEDS_POSTGRESQL = {
    "consent": {f"{act}_{how}" for act in ("gate", "gate_wide", "bare_lock") for how in ("ms", "p50_ms")}
    | {"gate_p99_ms", "gate_over_lock"},
    "intake": {"copy_rows_per_s", "csv_vs_copy"},
}


@dataclass(frozen=True)
class Done:
    """A run of the command that has ended."""

    pid: int
    returncode: int
    stdout: str
    stderr: str


def bench(*words: str, folder: Path) -> Done:
    environ = os.environ | {"TMPDIR": str(folder), "DJANGO_SETTINGS_MODULE": "wellness.settings"}
    command = [sys.executable, "manage.py", "bench", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=settings.BASE_DIR, env=environ, **pipes) as running:
        stdout, stderr = running.communicate(timeout=240)
    return Done(running.pid, running.returncode, stdout, stderr)


@pytest.mark.server
@pytest.mark.parametrize("area", PROMISED)
def test_every_figure_is_there_and_nothing_is_left(area: str, tmp_path: Path) -> None:
    database = ["--database", TEST_DATABASE_URL] if TEST_DATABASE_URL else []
    done = bench(area, "--json", "--quick", *database, folder=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    assert {"area", "machine", "versions", "figures"} <= report.keys()
    assert report["figures"].keys() >= PROMISED[area]
    unknown = {name for name, value in report["figures"].items() if value is None}
    assert unknown <= report.get("notes", {}).keys()
    assert unknown <= (set() if TEST_DATABASE_URL else NEEDS_POSTGRESQL[area])
    assert all(value > 0 for value in report["figures"].values() if value is not None)
    assert list(tmp_path.iterdir()) == []
    if TEST_DATABASE_URL:
        with psycopg.connect(TEST_DATABASE_URL) as connection:
            left = connection.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE %s", [f"bench_{done.pid}_%"]
            )
            assert left.fetchall() == []


def test_a_server_that_was_asked_for_must_answer(tmp_path: Path) -> None:
    done = bench("intake", "--database", "postgres://127.0.0.1:1/none", folder=tmp_path)
    assert done.returncode == 1
    assert "No PostgreSQL answers at 127.0.0.1" in done.stderr
    assert list(tmp_path.iterdir()) == []
