"""What we depend on: named and explained, pinned with hashes, from no host in particular."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
DOCUMENTED = set(re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE))


def _direct() -> set[str]:
    lines = [line for path in (ROOT / "requirements").glob("*.in") for line in path.read_text().splitlines()]
    python = {re.split(r"[\[~=<>; ]", line)[0] for line in lines if line and line[0] not in "#-"}
    package = json.loads((ROOT / "package.json").read_text())
    return python | set(package["dependencies"]) | set(package["devDependencies"])


def test_every_direct_dependency_is_explained() -> None:
    assert _direct() == DOCUMENTED


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_python_packages_are_pinned_with_hashes(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_front_end_packages_are_pinned_with_hashes() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    direct = package["dependencies"] | package["devDependencies"]
    assert {name: lock[f"node_modules/{name}"]["version"] for name in direct} == direct
    assert [name for name, entry in lock.items() if name and "integrity" not in entry] == []


def test_no_lock_names_a_host() -> None:
    files = [*(ROOT / "requirements").iterdir(), ROOT / "package.json", ROOT / "package-lock.json"]
    files += [ROOT / name for name in (".npmrc", "Makefile", ".ci/run", "pyproject.toml")]
    assert [path.name for path in files if re.search(r"https?://|index-url", path.read_text())] == []
