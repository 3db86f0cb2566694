"""A table of errands, and errands as the only kind of work."""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from tests.factories.errands import NOW, Errand, Run
from tests.held import Held
from wellness.work import kinds


@pytest.fixture(scope="module")
def _table(django_db_setup: Held, django_db_blocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        django_db_setup.end()  # tables are made outside of transactions
        with connection.schema_editor() as editor:
            editor.create_model(Errand)
    yield
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        editor.delete_model(Errand)


@pytest.fixture
def errand(_table: None, db: None) -> Errand:
    return Errand.objects.create(run_after=NOW)


@pytest.fixture
def kind(errand: Errand, monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], None]:
    """Makes "errand" the only kind of work, done by the given function."""
    monkeypatch.setattr(kinds, "KINDS", {})
    return lambda run: kinds.register(kinds.Kind("errand", "compute", Errand.objects.due, run))
