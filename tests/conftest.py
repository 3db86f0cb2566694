"""Fixtures of every test: a clean cache, and the cast (see tests.factories)."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests import factories
from wellness.accounts.models import User
from wellness.studies.models import Device, Enrollment, Role, Study
from wellness.studies.services import issue_device


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    yield
    cache.clear()  # sign-in rate limits would otherwise travel from test to test


@pytest.fixture
def study(db: None) -> Study:
    """The study that ada, bea and dot belong to."""
    return factories.study()


@pytest.fixture
def ada(study: Study) -> Enrollment:
    """A participant who has agreed to everything."""
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
