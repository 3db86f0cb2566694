"""What each room keeps of a person, and what becomes of it when they leave; rooms join when they start.

Erasing goes through the stages in order, and within one through the rooms from the roof down, so that what
refers to other rows goes before them. A test walks every model that leads to a person and fails when none
of `erases`, `acts_on` or `keeps` names it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from django.db import models

from wellness.consent.modes import ERASE
from wellness.studies.models import Enrollment

Model = type[models.Model]
Act = Callable[[Enrollment, datetime], bool | None]
Count = Callable[[Enrollment], int]
Rows = Callable[[Enrollment], models.QuerySet[models.Model]]


class Stage(IntEnum):
    """The order of erasing: what makes the rest unreadable first, who it was last."""

    KEYS = 1
    OBJECTS = 2
    ROWS = 3
    ACCOUNT = 4
    IDENTITY = 5


@dataclass(frozen=True)
class Step:
    """One recorded step of a departure; each may run any number of times.

    An act that answers False has more to do and is asked again; one `outside` runs in no transaction. `left`
    is how much of it there still is: counted at the beginning, and nought at the end of an erasure.
    """

    name: str
    stage: Stage
    erase: Act | None = None
    anonymise: Act | None = None
    left: Count | None = None
    outside: bool = False


_STEPS: dict[str, Step] = {}
_COVERED: dict[Model, str] = {}


def register(step: Step, *covered: Model) -> None:
    """Have a step taken; `covered` are the models that it sees to."""
    _STEPS[step.name] = step
    for model in covered:
        _COVERED[model] = step.name


def erases(
    model: Model, path: str = "enrollment", *, anonymise: Act | None = None, stage: Stage = Stage.ROWS
) -> None:
    """Rows that go when a person is erased; when made anonymous they stay, or `anonymise` changes them."""

    def rows(person: Enrollment) -> models.QuerySet[models.Model]:
        return rows_of(model, path, person)

    def erase(person: Enrollment, now: datetime) -> None:
        delete(rows(person))

    register(
        Step(model._meta.label_lower, stage, erase, anonymise, lambda person: rows(person).count()), model
    )


def keeps(model: Model, reason: str) -> None:
    """Rows that stay when a person leaves, and why that is right."""
    _COVERED[model] = reason


def dropping(model: Model, path: str = "enrollment", **which: object) -> Act:
    """An act that deletes a person's rows of a model, or only those of `which`."""

    def act(person: Enrollment, now: datetime) -> None:
        delete(rows_of(model, path, person).filter(**which))

    return act


def rows_of(model: Model, path: str, owner: models.Model) -> models.QuerySet[models.Model]:
    """The rows of any model that lead to an enrollment or an account, append-only ones too."""
    return models.QuerySet(model).filter(**{path: owner.pk})


def delete(rows: models.QuerySet[models.Model]) -> None:
    """Delete rows by one statement: no signals, for those would have the gone recomputed."""
    rows._raw_delete(rows.db)


def steps(mode: str) -> list[Step]:
    """The steps of a mode in order: by stage, and in a stage from the last room that joined to the first."""
    acting = [one for one in _STEPS.values() if (one.erase if mode == ERASE else one.anonymise)]
    return sorted(reversed(acting), key=lambda one: one.stage)


def covered() -> dict[Model, str]:
    """Every model that somebody sees to: the step, or the reason for which its rows stay."""
    return dict(_COVERED)
