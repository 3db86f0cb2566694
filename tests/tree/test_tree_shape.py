"""The shape of the house: short modules, imports that only go down, a record of changes."""

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("wellness", "phenotyping", "coach")
LONGEST = {".py": 300, ".html": 120, ".js": 200, ".mjs": 200, ".css": 200}
# Each takes half a second or more to import: inside the function that needs it, so that no start pays for it.
SLOW = ("scipy", "sklearn", "statsmodels")
VAGUE = {"utils", "util", "helpers", "common", "core", "misc", "manager", "managers"}


def _sources(*suffixes: str) -> list[Path]:
    folders = [ROOT / name for name in (*PACKAGES, "templates", "tests", "e2e")]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in suffixes]
    return [path for path in files if "migrations" not in path.parts and "__pycache__" not in path.parts]


def test_no_file_is_too_long() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in _sources(*LONGEST)}
    long = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > LONGEST[path.suffix]}
    assert len(lengths) > 100
    assert long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in _sources(".py") if path.stem in VAGUE or path.parent.name in VAGUE] == []


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def _at_start(path: Path) -> set[str]:
    """The modules that are imported with this one."""
    body = ast.parse(path.read_text()).body
    froms = [node for node in body if isinstance(node, ast.ImportFrom)]
    found = {f"{node.module}.{alias.name}" for node in froms for alias in node.names}
    return found | {alias.name for node in body if isinstance(node, ast.Import) for alias in node.names}


def test_no_start_waits_for_a_slow_import() -> None:
    modules = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
    slow = {f"{path.relative_to(ROOT)}: {name}" for path in modules for name in _at_start(path)}
    assert {one for one in slow if one.split(": ")[1].startswith(SLOW)} == set()


def test_imports_only_go_down() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_every_room_of_the_house_is_in_the_layers() -> None:
    rooms = {
        f"{package}.{folder.name}"
        for package in PACKAGES
        for folder in (ROOT / package).iterdir()
        if (folder / "__init__.py").exists() and folder.name != "management"
    }
    layers = re.findall(
        r'"((?:wellness|phenotyping|coach)\.[^"]*)",?\n', (ROOT / "pyproject.toml").read_text()
    )
    named = {room for layer in layers for room in layer.split(" | ")}
    assert rooms <= named


def test_the_changelog_says_what_comes_next() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert re.search(r"^### (Improvements|Bug fixes|Security)$", text, re.MULTILINE)
