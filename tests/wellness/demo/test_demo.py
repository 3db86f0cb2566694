"""The whole loop, as `manage.py demo --check` runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from wellness.demo.tally import faults

FINE = {"rows_sent": 10, "rows_stored": 9, "rows_refused": 1, "days": 2, "work_failed": 0}
FINE |= {"decisions_replayed_differently": 0}
# Suggestions are drawn by chance, with a key of the study's own: that three dozen decisions, at any
# hour of the day, have none that is sent and answered happens about once in a million runs.
COHORT = ("--participants", "12", "--days", "12")


@pytest.mark.server
def test_the_loop_runs_and_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "demo", "--check", *COHORT]
    environment = os.environ | {"TMPDIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "wellness.settings"}
    done = subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    [line] = done.stdout.splitlines()
    counts = json.loads(line)
    assert counts["rows_sent"] == counts["rows_stored"] + counts["rows_refused"] > 5_000
    assert counts["decisions_available"] > 0 < counts["pages_checked"]
    assert list(tmp_path.iterdir()) == []


def test_a_whole_loop_has_no_faults() -> None:
    assert faults(FINE) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"days": 0}, "nothing came out of days"),
        ({"rows_stored": 8}, "rows sent are not rows stored plus rows refused"),
        ({"decisions_replayed_differently": 1}, "a decision differs from its replay"),
        ({"work_failed": 3}, "work failed"),
    ],
)
def test_an_empty_or_broken_stage_is_a_fault(changes: dict[str, int], words: str) -> None:
    assert faults(FINE | changes) == [words]
