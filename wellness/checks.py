"""System checks: wrong or unsafe combinations of settings stop the start, each with an id.

`manage.py` runs them before its commands; web servers and workers call `enforce`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections

KEYS = ("DATA_KEY", "DRAW_KEY", "INDEX_KEY", "SIGNING_KEY", "AUDIT_KEY", "ACCOUNT_KEY")
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
KEY_LENGTH, SECRET_LENGTH = 32, 50
KNOWN = ("django-insecure-", "change", "secret", "example", "default", "test", "dummy")


def cookies_travel_by_tls() -> Iterator[CheckMessage]:
    """E001: production whose cookies would travel in clear."""
    needed = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT")
    lacking = [name for name in needed if not getattr(settings, name)]
    if settings.PRODUCTION and lacking:
        yield Error(
            f"Production without TLS: {', '.join(lacking)}.", hint="Set TLS=true.", id="wellness.E001"
        )


def secret_key_is_secret() -> Iterator[CheckMessage]:
    """E002: production with an embedded, well-known or short SECRET_KEY."""
    problem = _weakness("SECRET_KEY", SECRET_LENGTH)
    if settings.PRODUCTION and problem:
        yield Error(f"SECRET_KEY {problem}.", hint="Set SECRET_KEY or SECRET_KEY_FILE.", id="wellness.E002")


def sqlite_begins_immediate() -> Iterator[CheckMessage]:
    """E003: SQLite whose transactions begin as readers; under load they fail when they turn writers."""
    for name, database in settings.DATABASES.items():
        is_sqlite = database["ENGINE"] == "django.db.backends.sqlite3"
        if is_sqlite and database.get("OPTIONS", {}).get("transaction_mode") != "IMMEDIATE":
            hint = 'Set OPTIONS["transaction_mode"] to "IMMEDIATE".'
            yield Error(f"SQLite database {name!r} is not IMMEDIATE.", hint=hint, id="wellness.E003")


def keys_differ() -> Iterator[CheckMessage]:
    """E004: two secrets that are the same, so that losing one loses the other."""
    for one, other in combinations(("SECRET_KEY", *KEYS), 2):
        if _value(one) and _value(one) == _value(other):
            yield Error(f"{one} and {other} are equal.", hint="Give each its own.", id="wellness.E004")


def data_keys_are_secret() -> Iterator[CheckMessage]:
    """E005: a data key that is missing, or in production embedded, well-known or short."""
    for name in KEYS:
        problem = _weakness(name, KEY_LENGTH) if settings.PRODUCTION else "" if _value(name) else "is empty"
        if problem:
            yield Error(f"{name} {problem}.", hint=f"Set {name} or {name}_FILE.", id="wellness.E005")


def production_hides_itself() -> Iterator[CheckMessage]:
    """E006: production that shows its insides or answers to any host name."""
    if settings.PRODUCTION and settings.DEBUG:
        yield Error("Production with DEBUG.", hint="Set DEBUG=false.", id="wellness.E006")
    if settings.PRODUCTION and "*" in settings.ALLOWED_HOSTS:
        yield Error("Production that answers to any host.", hint="Set ALLOWED_HOSTS.", id="wellness.E006")


def broker_survives() -> Iterator[CheckMessage]:
    """W001: production on the embedded broker, which serves one machine and forgets unfinished wake-ups."""
    if settings.PRODUCTION and settings.CELERY_BROKER_URL.startswith("filesystem"):
        hint = "Set CELERY_BROKER_URL to Redis or RabbitMQ."
        yield Warning("Production on the filesystem broker.", hint=hint, id="wellness.W001")


def limits_are_shared() -> Iterator[CheckMessage]:
    """W002: production whose rate limits count in each process alone, so that they are too high."""
    if settings.PRODUCTION and settings.CACHES["default"]["BACKEND"].endswith("LocMemCache"):
        yield Warning(
            "Production without a shared cache.", hint="Set CACHE_URL to Redis.", id="wellness.W002"
        )


def staff_can_prove_themselves() -> Iterator[CheckMessage]:
    """E008: second factors that staff must have and could not set up, or whose seeds would lie in clear."""
    lacking = {"totp", "webauthn", "recovery_codes"} - set(settings.MFA_SUPPORTED_TYPES)
    if lacking:
        hint = "Add them to MFA_SUPPORTED_TYPES."
        yield Error(f"No second factor by {', '.join(sorted(lacking))}.", hint=hint, id="wellness.E008")
    if settings.MFA_ADAPTER != "wellness.accounts.factors.SealedFactors":
        hint = "Leave MFA_ADAPTER as it is."
        yield Error("Seeds of second factors would not be sealed.", hint=hint, id="wellness.E008")


CHECKS: tuple[Callable[[], Iterator[CheckMessage]], ...] = (
    cookies_travel_by_tls,
    secret_key_is_secret,
    sqlite_begins_immediate,
    keys_differ,
    data_keys_are_secret,
    production_hides_itself,
    broker_survives,
    limits_are_shared,
    staff_can_prove_themselves,
)


@register
def check(**_: Any) -> list[CheckMessage]:
    """Everything that is wrong with the settings."""
    return [message for one in CHECKS for message in one()]


@register(Tags.database)
def database_is_durable(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """E007: a PostgreSQL that may lose what it committed; whether it answers is not asked here."""
    found: list[CheckMessage] = []
    for name in databases or ():
        connection = connections[name]
        if connection.vendor != "postgresql":
            continue
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(DURABLE)])
                actual = dict(cursor.fetchall())
        except OperationalError:
            continue
        lax = [f"{one} = {actual[one]}" for one, wanted in DURABLE.items() if actual[one] != wanted]
        if lax:
            hint = "Receipts promise that uploads are kept: turn these on."
            found.append(Error(f"Database {name!r} has {', '.join(lax)}.", hint=hint, id="wellness.E007"))
    return found


def enforce(*, databases: Sequence[str] = ()) -> None:
    """Return only when nothing is wrong: ImproperlyConfigured names every error otherwise."""
    messages = [*check(), *database_is_durable(databases=databases)]
    for name in databases:
        connections[name].close()  # a web server or pool may fork now
    errors = [message for message in messages if message.is_serious()]
    if errors:
        raise ImproperlyConfigured(" ".join(f"{error.id}: {error.msg}" for error in errors))


def _value(name: str) -> str:
    try:
        return str(getattr(settings, name))
    except ImproperlyConfigured:  # Django's own answer to an empty SECRET_KEY
        return ""


def _weakness(name: str, length: int) -> str:
    value, embedded = _value(name), settings.VAR_DIR / "keys" / name.lower()
    if not value:
        return "is empty"
    if embedded.exists() and embedded.read_text().strip() == value:
        return "is the embedded one"
    if value.lower().startswith(KNOWN):
        return "is a well-known one"
    if len(value) < length or len(set(value)) < 8:
        return "is too short or too simple"
    return ""
