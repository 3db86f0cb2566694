"""Every variable that the settings read is explained in .env.example, and nothing else is."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / ".env.example").read_text()


def _names_read() -> set[str]:
    """The first argument of every env.kind("NAME") and secret("NAME") in the settings."""
    tree = ast.parse((ROOT / "wellness/settings.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.args[0], ast.Constant)
        and (
            (isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "env")
            or (isinstance(call.func, ast.Name) and call.func.id in {"env", "secret"})
        )
    }


def test_env_example_lists_what_the_settings_read() -> None:
    listed = set(re.findall(r"^# ([A-Z][A-Z_]*)=", EXAMPLE, re.MULTILINE))
    assert "DATABASE_URL" in _names_read()
    assert listed == _names_read()


def test_only_the_settings_read_the_environment() -> None:
    reads = re.compile(r"os\.environ(\.get|\.pop|\[)|os\.getenv|environ\.(FileAware)?Env")
    folders = ("wellness", "phenotyping", "coach")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert [path for path in files if reads.search(path.read_text()) and path.name != "settings.py"] == []


def test_the_example_can_be_used_as_it_is() -> None:
    lines = EXAMPLE.splitlines()
    assert [line for line in lines if line and not line.startswith("# ")] == []
