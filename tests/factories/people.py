"""People: those who take part and those who work in a study."""

from datetime import datetime

from tests.factories.studies import JOINED_AT
from wellness.accounts.models import User
from wellness.studies.models import Enrollment, Study
from wellness.studies.services import add_member, enroll

PASSWORD = "correct horse battery"


def user(name: str) -> User:
    """An account that signs in as {name}@example.org with PASSWORD."""
    return User.objects.create_user(f"{name}@example.org", PASSWORD, first_name=name.title())


def enrollment(
    study: Study, name: str = "ada", *, zone: str = "Europe/Helsinki", joined_at: datetime = JOINED_AT
) -> Enrollment:
    """A person with an account, active at the study's site, who has agreed to nothing yet."""
    return enroll(study=study, code=name, zone=zone, now=joined_at, user=user(name), site=study.sites.get())


def staff(study: Study, name: str, role: str, *, of_site: bool = False) -> User:
    """A person who works in the study, or only at its site."""
    made = user(name)
    add_member(study=study, user=made, role=role, site=study.sites.get() if of_site else None)
    return made
