import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from wellness import checks
from wellness.lib.ids import new_secret

REDIS = "redis://127.0.0.1"
SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


@pytest.fixture
def production(settings, tmp_path: Path) -> Any:
    """Settings with which production starts."""
    settings.PRODUCTION, settings.DEBUG, settings.VAR_DIR = True, False, tmp_path
    settings.ALLOWED_HOSTS = ["wellness.example.org"]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.SECURE_SSL_REDIRECT = True
    settings.CELERY_BROKER_URL = "redis://127.0.0.1"
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS}
    }
    settings.SECRET_KEY = new_secret() + new_secret()
    for name in checks.KEYS:
        setattr(settings, name, new_secret())
    return settings


def ids() -> list[str]:
    return [str(message.id) for message in checks.check()]


def test_good_production_settings_start(production: Any) -> None:
    assert ids() == []
    checks.enforce()


def test_the_embedded_settings_start() -> None:
    assert ids() == []


@pytest.mark.parametrize("name", ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"])
def test_production_without_tls_cookies_is_stopped(production: Any, name: str) -> None:
    setattr(production, name, False)
    assert ids() == ["wellness.E001"]


@pytest.mark.parametrize("key", ["", "short", "a" * 60, "django-insecure-" + new_secret() * 2])
def test_production_with_a_bad_secret_key_is_stopped(production: Any, key: str) -> None:
    production.SECRET_KEY = key
    assert ids() == ["wellness.E002"]


def test_production_on_an_embedded_key_is_stopped(production: Any, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    for name, found in (("SECRET_KEY", "wellness.E002"), ("DRAW_KEY", "wellness.E005")):
        (folder / name.lower()).write_text(getattr(production, name) + "\n")
        assert found in ids()


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
@pytest.mark.parametrize("options", [{}, {"transaction_mode": "DEFERRED"}])
def test_sqlite_that_is_not_immediate_is_stopped(settings, options: dict[str, str]) -> None:
    settings.DATABASES = {"default": SQLITE | {"OPTIONS": options}}
    assert ids() == ["wellness.E003"]


@pytest.mark.parametrize("name", checks.KEYS)
def test_a_data_key_equal_to_another_secret_is_stopped(settings, name: str) -> None:
    setattr(settings, name, settings.SECRET_KEY)
    assert ids() == ["wellness.E004"]


def test_data_keys_equal_to_each_other_are_stopped(production: Any) -> None:
    production.DATA_KEY = production.DRAW_KEY = production.INDEX_KEY
    assert ids() == ["wellness.E004"] * 3


@pytest.mark.parametrize("name", checks.KEYS)
@pytest.mark.parametrize("key", ["", "short"])
def test_production_with_a_bad_data_key_is_stopped(production: Any, name: str, key: str) -> None:
    setattr(production, name, key)
    assert ids() == ["wellness.E005"]


@pytest.mark.parametrize("change", [{"DEBUG": True}, {"ALLOWED_HOSTS": ["*"]}])
def test_production_that_shows_itself_is_stopped(production: Any, change: dict[str, Any]) -> None:
    for name, value in change.items():
        setattr(production, name, value)
    assert ids() == ["wellness.E006"]


def test_production_on_the_embedded_broker_is_warned_of_and_starts(production: Any) -> None:
    production.CELERY_BROKER_URL = "filesystem://"
    assert ids() == ["wellness.W001"]
    checks.enforce()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such switches")
def test_a_postgresql_that_may_lose_commits_is_stopped(db: None) -> None:
    assert checks.database_is_durable(databases=["default"]) == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    (error,) = checks.database_is_durable(databases=["default"])
    assert (error.id, error.is_serious()) == ("wellness.E007", True)
    assert "synchronous_commit = off" in error.msg


def test_every_commit_is_synced_and_no_statement_waits_for_ever(db: None) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous")
            assert cursor.fetchone() == (2,)  # FULL
            return
        patience = {
            "synchronous_commit": "on",
            "statement_timeout": "60000",
            "lock_timeout": "10000",
            "idle_in_transaction_session_timeout": "60000",
        }
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(patience)])
        assert dict(cursor.fetchall()) == patience


def test_enforcing_names_every_error(production: Any) -> None:
    production.DATA_KEY, production.SESSION_COOKIE_SECURE = "", False
    with pytest.raises(ImproperlyConfigured, match=r"wellness\.E001.*wellness\.E005"):
        checks.enforce()


@pytest.mark.parametrize(
    "start",
    [
        ["manage.py", "check"],
        ["-c", "import wellness.wsgi"],
        ["-m", "celery", "-A", "wellness.celery", "worker", "--pool", "solo"],
        ["-m", "celery", "-A", "wellness.celery", "beat"],
    ],
    ids=["manage", "wsgi", "worker", "beat"],
)
def test_a_wrong_setting_stops_every_way_to_start(start: list[str], tmp_path: Path) -> None:
    wrong = {"DATA_KEY": "x" * 64, "DRAW_KEY": "x" * 64, "VAR_DIR": str(tmp_path), "DOTENV": os.devnull}
    ours = {"DJANGO_SETTINGS_MODULE": "wellness.settings", "DATABASE_URL": "sqlite://:memory:"}
    env = os.environ | wrong | ours
    run = subprocess.run(
        [sys.executable, *start], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode != 0
    assert "wellness.E004" in run.stdout + run.stderr


def test_production_whose_limits_are_not_shared_is_warned_of_and_starts(production: Any) -> None:
    production.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert ids() == ["wellness.W002"]
    checks.enforce()


@pytest.mark.parametrize(
    ("name", "value"),
    [("MFA_SUPPORTED_TYPES", ["totp"]), ("MFA_ADAPTER", "allauth.mfa.adapter.DefaultMFAAdapter")],
)
def test_staff_without_a_way_to_prove_themselves_is_stopped(settings: Any, name: str, value: Any) -> None:
    setattr(settings, name, value)
    assert ids() == ["wellness.E008"]
