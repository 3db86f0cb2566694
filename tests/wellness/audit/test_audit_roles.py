"""The roles of PostgreSQL: the site adds to history and cannot change it; an auditor reads."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from wellness.audit import sealer, watch
from wellness.audit.roles import statements
from wellness.audit.services import SERVICE, record
from wellness.audit.verification import verify_all
from wellness.lib.clock import utc_now

SITE, AUDITOR = "wellness_test_site", "wellness_test_auditor"


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def roles(db: None) -> None:
    """Both roles with what they may do."""
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL has roles")
    for name in (SITE, AUDITOR):
        execute(f"CREATE ROLE {name}")
    for statement in statements(app=SITE, auditor=AUDITOR):
        execute(statement)


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    execute(f"SET LOCAL ROLE {role}")
    yield
    execute("RESET ROLE")


def refused(sql: str) -> bool:
    try:
        with transaction.atomic():
            execute(sql)
    except ProgrammingError as error:
        return "permission denied" in str(error) or "must be owner" in str(error)
    return False


def test_the_site_records_seals_and_verifies(roles: None) -> None:
    with acting_as(SITE):
        record(chain="a", actor=SERVICE, action="x")
        assert sealer.seal(now=utc_now()) is not None
        found = verify_all()
        assert (found.bad, found.n_sealed, watch.triggers()) == ([], 1, [])


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE wellness_audit_auditentry SET reason = 'x'",
        "DELETE FROM wellness_audit_auditentry",
        "TRUNCATE wellness_audit_auditentry",
        "ALTER TABLE wellness_audit_auditentry DISABLE TRIGGER ALL",
        "DROP TRIGGER wellness_audit_auditentry_no_update ON wellness_audit_auditentry",
        "DROP TABLE wellness_audit_auditentry",
        "CREATE TABLE mine (id int)",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS ''",
        "SET session_replication_role = replica",
        "UPDATE wellness_consent_consentevent SET reason = 'x'",
        "DELETE FROM wellness_consent_consentevent",
        "TRUNCATE wellness_studies_enrollment CASCADE",
        "DELETE FROM django_migrations",
    ],
)
def test_the_site_cannot_change_what_happened(roles: None, sql: str) -> None:
    with acting_as(SITE):
        assert refused(sql)


def test_an_auditor_reads_the_record_and_nothing_else(roles: None) -> None:
    record(chain="a", actor=SERVICE, action="x")
    sealer.seal(now=utc_now())
    with acting_as(AUDITOR):
        found = verify_all()
        assert (found.bad, found.n_sealed) == ([], 1)
        assert refused("SELECT 1 FROM wellness_studies_enrollment")
        assert refused("INSERT INTO wellness_audit_auditentry (chain) VALUES ('x')")
        assert refused("DELETE FROM wellness_audit_audithead")


def test_the_command_prints_them(capsys: pytest.CaptureFixture[str], db: None) -> None:
    call_command("database_roles", "--app", "site")
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0], lines[-1]) == ("BEGIN;", "COMMIT;")
    assert 'REVOKE UPDATE ON "wellness_audit_auditentry" FROM "site";' in lines
    assert 'REVOKE DELETE ON "phenotyping_surveys_answer" FROM "site";' not in lines  # erasures take them
