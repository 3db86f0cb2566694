import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wellness.lib.keyfile import read_or_create

READ = """
import sys, pathlib
from wellness.lib.keyfile import read_or_create
print(read_or_create(pathlib.Path(sys.argv[1])))
"""


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "data_key"
    secret = read_or_create(path)
    assert len(secret) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_second_reading_gives_the_same_secret(tmp_path: Path) -> None:
    assert read_or_create(tmp_path / "key") == read_or_create(tmp_path / "key")
    assert read_or_create(tmp_path / "key") != read_or_create(tmp_path / "other")


def test_threads_that_start_together_read_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        secrets = set(pool.map(read_or_create, [tmp_path / "key"] * 64))
    assert len(secrets) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_processes_that_start_together_read_one_secret(tmp_path: Path) -> None:
    command = [sys.executable, "-c", READ, str(tmp_path / "key")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    assert len({process.communicate()[0] for process in started}) == 1


def test_a_failed_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("wellness.lib.keyfile.os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        read_or_create(tmp_path / "key")
    assert list(tmp_path.iterdir()) == []
