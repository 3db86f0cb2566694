"""What is deployed: clean under Django's own checks, and with the system's chance in auth and crypto."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wellness import checks
from wellness.lib.ids import new_secret

ROOT = Path(__file__).parents[3]
GUARDED = ("wellness/accounts", "wellness/lib", "wellness/studies", "wellness/consent", "wellness/audit")
FORBIDDEN = {"random", "numpy.random", "uuid.uuid1"}


def _production(folder: Path) -> dict[str, str]:
    secrets = {name: new_secret() + new_secret() for name in ("SECRET_KEY", *checks.KEYS)}
    return secrets | {
        "DOTENV": os.devnull,
        "PRODUCTION": "true",
        "VAR_DIR": str(folder),
        "ALLOWED_HOSTS": "coach.example.org",
        "DATABASE_URL": "postgres://wellness@db.example.org/wellness?sslmode=verify-full",
        "CELERY_BROKER_URL": "redis://broker.example.org:6379/0",
        "CACHE_URL": "redis://broker.example.org:6379/1",
        "PATH": os.environ["PATH"],
    }


def _check(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_production_passes_every_deployment_check(tmp_path: Path) -> None:
    done = _check(_production(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_deployment_check_that_fails_is_heard(tmp_path: Path) -> None:
    done = _check(_production(tmp_path) | {"DEBUG": "true"})
    assert done.returncode == 1
    assert "wellness.E006" in done.stderr


def _chances(path: Path) -> set[str]:
    """Sources of chance that a module imports or names, other than secrets and os.urandom."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Attribute):
            found.add(ast.unparse(node))
    return found & FORBIDDEN


@pytest.mark.parametrize("folder", GUARDED)
def test_auth_and_crypto_draw_only_from_the_system(folder: str) -> None:
    files = list((ROOT / folder).rglob("*.py"))
    assert files
    assert {str(path): found for path in files if (found := _chances(path))} == {}


def test_the_search_for_chance_finds_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import random\nrandom.random()\n")
    (tmp_path / "b.py").write_text("from random import choice\n")
    assert [_chances(tmp_path / name) for name in ("a.py", "b.py")] == [{"random"}, {"random"}]
