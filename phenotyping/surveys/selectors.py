"""Reading prompts and answers."""

from collections import defaultdict
from datetime import datetime

from django.db.models import QuerySet

from phenotyping.surveys.instruments import phenotypes
from phenotyping.surveys.models import Answer, Instrument, Prompt
from phenotyping.surveys.services import opened
from wellness.studies.models import Enrollment


def open_prompts(enrollment: Enrollment, now: datetime) -> QuerySet[Prompt]:
    """What the person is asked at `now` and has not answered."""
    waiting = Prompt.objects.filter(enrollment=enrollment, state=Prompt.State.OPEN)
    return (
        waiting.filter(opens_at__lte=now, closes_at__gt=now)
        .select_related("instrument")
        .order_by("closes_at")
    )


def prompt_at(enrollment: Enrollment, instrument: Instrument, at: datetime) -> Prompt | None:
    """The prompt of this questionnaire that was open at `at` and is not answered yet."""
    prompts = Prompt.objects.filter(
        enrollment=enrollment, instrument=instrument, opens_at__lte=at, closes_at__gt=at
    )
    return prompts.exclude(state=Prompt.State.ANSWERED).first()


def answers(enrollment: Enrollment, start: datetime, end: datetime) -> QuerySet[Answer]:
    """The answers in force recorded in [start, end): those that no later one replaces, in order."""
    given = Answer.objects.filter(enrollment=enrollment, recorded_at__gte=start, recorded_at__lt=end)
    return (
        given.filter(replaced_by=None)
        .select_related("instrument", "enrollment")
        .order_by("recorded_at", "pk")
    )


def own_answers(enrollment: Enrollment) -> QuerySet[Answer]:
    """Everything a person answered, corrected answers too, newest first."""
    given = Answer.objects.filter(enrollment=enrollment).select_related("instrument", "enrollment__study")
    return given.order_by("-recorded_at", "-pk")


def versions(answer: Answer) -> list[Answer]:
    """An answer and those it replaced one after the other, the first one last."""
    found = [answer]
    while found[-1].replaces_id is not None:
        found.append(
            Answer.objects.select_related("instrument", "enrollment__study").get(pk=found[-1].replaces_id)
        )
    return found


def self_report(enrollment: Enrollment, start: datetime, end: datetime) -> dict[str, float]:
    """The mean of each self-report phenotype over the answers recorded in [start, end)."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for given in answers(enrollment, start, end):
        for name, value in phenotypes(given.instrument, opened(given)).items():
            found[name].append(value)
    return {name: sum(values) / len(values) for name, values in sorted(found.items())}


def latest_report(
    enrollment: Enrollment, phenotype: str, start: datetime, end: datetime
) -> tuple[datetime, float] | None:
    """When in [start, end) a self-report phenotype was last rated, and its value; None when it was not."""
    for given in answers(enrollment, start, end).reverse():
        value = phenotypes(given.instrument, opened(given)).get(phenotype)
        if value is not None:
            return given.recorded_at, value
    return None
