"""Coming of age: on which day, and when that day begins on the person's own clock."""

from __future__ import annotations

from datetime import date, datetime

from wellness.consent.models import Minority
from wellness.lib.clock import ZoneHistory
from wellness.studies import keys
from wellness.studies.models import Enrollment

OF_AGE = 18
BIRTH = "minority|birth"


def majority_on(born_on: date, years: int = OF_AGE) -> date:
    """The birthday on which a person comes of age; who was born on 29 February does so on 1 March."""
    try:
        return born_on.replace(year=born_on.year + years)
    except ValueError:
        return date(born_on.year + years, 3, 1)


def age_on(born_on: date, on: date) -> int:
    """Completed years of life; a birthday on 29 February is kept on 1 March in other years."""
    years = on.year - born_on.year
    return years if majority_on(born_on, years) <= on else years - 1


def begins_at(on: date, zones: ZoneHistory) -> datetime:
    """The first instant of a date where the person is then."""
    return zones.day(on).starts_at


def majority_at(person: Enrollment) -> datetime | None:
    """When the person comes, or came, of age; None for one of whom no birth date was ever asked."""
    minority = Minority.objects.filter(enrollment=person).first()
    return begins_at(minority.majority_on, person.zones()) if minority else None


def age_at(person: Enrollment, now: datetime) -> int:
    """Completed years on the person's own calendar; whose birth date was not asked is of age."""
    born = born_on(person)
    return OF_AGE if born is None else age_on(born, person.zones().local_date(now))


def born_on(person: Enrollment) -> date | None:
    """The person's birth date, unsealed; None where it was not asked."""
    minority = Minority.objects.filter(enrollment=person).first()
    if minority is None:
        return None
    return date.fromisoformat(keys.unseal_json(person, BIRTH, bytes(minority.sealed_birth)))
