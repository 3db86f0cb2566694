"""Fixtures of every test: a clean cache, and the cast (see tests.factories)."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth.signals import user_logged_in
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest
from pytest_django import DjangoDbBlocker

from tests import factories, template
from tests.held import Held, Pair
from wellness.accounts.models import User
from wellness.consent.tombstones import log as tombstones
from wellness.studies.models import Device, Enrollment, Role, Study
from wellness.studies.services import issue_device


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    """The database under test begins as a copy of the template; migrating it finds nothing to do."""
    if connection.vendor == "postgresql":
        connection.settings_dict["TEST"]["TEMPLATE"] = template.postgresql_name()
        yield
        return
    with closing(template.load(connection.creation._get_test_db_name())):
        yield


def _founded() -> Pair:
    study = factories.study()
    ada = factories.enrollment(study)
    factories.agree_to_everything(ada)
    return Pair(study, ada)


_HELD = Held(_founded)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Held]:
    """The database under test, and what is held in it."""
    yield _HELD
    with django_db_blocker.unblock():
        _HELD.end()


@pytest.fixture
def _pair(
    request: pytest.FixtureRequest, django_db_setup: Held, django_db_blocker: DjangoDbBlocker
) -> Pair | None:
    """Ada and her study, for a test that begins with both and commits nothing.

    Where a test's other fixtures say how she is to be made, "anew" has it make its own.
    """
    anew = request.node.get_closest_marker("anew") is not None
    marker = request.node.get_closest_marker("django_db")
    commits = {"transactional_db", "django_db_reset_sequences"} & set(request.fixturenames)
    commits |= {name for name in (marker.kwargs if marker else ()) if name != "databases"}
    with django_db_blocker.unblock():
        if "ada" in request.fixturenames and not (anew or commits or (marker and marker.args)):
            return _HELD.begin()
        _HELD.end()
        return None


@pytest.fixture
def _django_db_helper(_pair: Pair | None, _django_db_helper: None) -> None:
    """pytest-django's own, a transaction around the test: here inside the one that holds the pair."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long goes first; everything else as it was."""
    items.sort(key=lambda item: not (item.get_closest_marker("server") or item.get_closest_marker("long")))


def pytest_unconfigure(config: pytest.Config) -> None:
    """The process that others were started by goes last."""
    if not hasattr(config, "workerinput"):
        template.drop()


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    yield
    tombstones.path().unlink(missing_ok=True)  # the database forgets with the test that somebody withdrew
    cache.clear()  # sign-in rate limits would otherwise travel from test to test


@pytest.fixture(autouse=True)
def _forced_sign_ins_are_whole() -> Iterator[None]:
    """`Client.force_login` leaves what a sign-in with a password and a second factor would."""

    def prove(request: HttpRequest, user: User, **_: object) -> None:
        if "REQUEST_METHOD" not in request.META:  # the empty request that force_login makes up
            record_authentication(request, user, "password")
            record_authentication(request, user, "mfa", type="totp")

    user_logged_in.connect(prove)
    yield
    user_logged_in.disconnect(prove)


@pytest.fixture
def study(_pair: Pair | None, db: None) -> Study:
    """The study that ada, bea and dot belong to."""
    return _pair.study if _pair else factories.study()


@pytest.fixture
def ada(_pair: Pair | None, study: Study) -> Enrollment:
    """A participant who has agreed to everything."""
    if _pair:
        return _pair.ada
    enrollment = factories.enrollment(study)
    factories.agree_to_everything(enrollment)
    return enrollment


@pytest.fixture
def bea(study: Study) -> User:
    """A clinician of ada's site."""
    return factories.staff(study, "bea", Role.CLINICIAN, of_site=True)


@pytest.fixture
def cal(db: None) -> User:
    """A clinician of another study, who must see nothing of this one."""
    return factories.staff(factories.study("inland"), "cal", Role.CLINICIAN)


@pytest.fixture
def dot(study: Study) -> User:
    """The coordinator of ada's study."""
    return factories.staff(study, "dot", Role.COORDINATOR)


@pytest.fixture
def device(ada: Enrollment) -> tuple[Device, str]:
    """Ada's phone and its token."""
    return issue_device(enrollment=ada, platform=Device.Platform.ANDROID, now=factories.JOINED_AT)
