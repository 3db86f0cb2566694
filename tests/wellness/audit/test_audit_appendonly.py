import re

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from wellness.audit.appendonly import AppendOnly, AppendOnlyError
from wellness.audit.models import AuditEntry
from wellness.audit.services import SERVICE, record
from wellness.consent.models import ConsentEvent
from wellness.studies.models import Enrollment, Study
from wellness.studies.services import publish_protocol

VERBS = ("update", "delete", "truncate")
GUARDED = [model for model in apps.get_models() if issubclass(model, AppendOnly)]
READ_TRIGGERS = {
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
}


@pytest.fixture
def entry(ada: Enrollment) -> AuditEntry:
    return record(chain="system", actor=SERVICE, action="test")


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db
@pytest.mark.parametrize("model", GUARDED, ids=lambda model: model.__name__)
def test_every_append_only_table_has_its_triggers(model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(READ_TRIGGERS[connection.vendor])
        found = {name for (name,) in cursor.fetchall()}
    verbs = VERBS if connection.vendor == "postgresql" else VERBS[:2]
    assert {f"{model._meta.db_table}_no_{verb}" for verb in verbs} <= found


def test_the_three_records_of_law_are_append_only() -> None:
    assert {"AuditEntry", "ConsentEvent", "Protocol"} <= {model.__name__ for model in GUARDED}


@pytest.mark.parametrize("model", [AuditEntry, ConsentEvent], ids=lambda model: model.__name__)
@pytest.mark.parametrize("statement", ["UPDATE {} SET reason = 'x'", "DELETE FROM {}"])
def test_raw_sql_cannot_change_history(entry: AuditEntry, model: type[models.Model], statement: str) -> None:
    with pytest.raises(DatabaseError, match=f"{model._meta.db_table} is append-only"):
        run(statement.format(model._meta.db_table))
    assert not model._default_manager.filter(reason="x").exists()


def test_raw_sql_cannot_replace_or_empty_history(entry: AuditEntry) -> None:
    table = AuditEntry._meta.db_table
    statement = f"TRUNCATE {table} CASCADE"
    if connection.vendor == "sqlite":
        statement = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"  # noqa: S608
    with pytest.raises(DatabaseError, match=re.escape(f"{table} is append-only")):
        run(statement)


def test_our_own_code_cannot_change_history(entry: AuditEntry) -> None:
    entry.reason = "x"
    for attempt in (
        entry.save,
        entry.delete,
        lambda: AuditEntry.objects.update(reason="x"),
        lambda: AuditEntry.objects.all().delete(),
        lambda: AuditEntry.objects.bulk_update([entry], ["reason"]),
    ):
        with pytest.raises(AppendOnlyError), transaction.atomic():
            attempt()


def test_a_published_protocol_stays(study: Study, ada: Enrollment) -> None:
    protocol = publish_protocol(study=study, body={"streams": ["gps"]}, now=ada.created_at)
    with pytest.raises(DatabaseError, match="append-only"):
        run(f"UPDATE {protocol._meta.db_table} SET body_sha256 = ''")  # noqa: S608
