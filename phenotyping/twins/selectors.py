"""Reading what a twin expects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from phenotyping.days.selectors import visible_phenotypes
from phenotyping.twins.models import Forecast, Twin
from phenotyping.twins.sealed import opened_state, opened_week
from phenotyping.twins.variables import LEVEL
from wellness.studies.models import Enrollment


@dataclass(frozen=True)
class VariableForecast:
    """Seven coming days of one phenotype and how unusual its last observed day was.

    `median` and `mad` describe the person's own days; `surprise` is a standardised innovation.
    """

    on: tuple[date, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    level: float
    n_days: int
    median: float
    mad: float
    surprise: float | None


@dataclass(frozen=True)
class ForecastView:
    """The latest forecast of a person as its reader may see it."""

    origin_on: date
    made_at: datetime
    stage: str
    model_version: str
    variables: Mapping[str, VariableForecast]


def latest_forecast(enrollment: Enrollment, *, purpose: str | None, at: datetime) -> ForecastView | None:
    """The newest forecast made by `at`, of the phenotypes visible for the purpose; None before the first."""
    made = Forecast.objects.filter(enrollment=enrollment, made_at__lte=at).select_related("twin")
    row = made.order_by("-origin_on", "-made_at").first()
    if row is None:
        return None
    state = opened_state(enrollment, row.twin)
    visible = visible_phenotypes(enrollment, purpose, at)
    variables = {
        name: _variable(row.origin_on, days, state[name])
        for name, days in opened_week(enrollment, row).items()
        if name in visible and name in state
    }
    return ForecastView(row.origin_on, row.made_at, row.twin.stage, row.model_version, variables)


def _variable(origin_on: date, days: Mapping[str, list[float]], state: Mapping[str, Any]) -> VariableForecast:
    return VariableForecast(
        on=tuple(origin_on + timedelta(days=h + 1) for h in range(len(days["mean"]))),
        mean=tuple(days["mean"]),
        low=tuple(days["low"]),
        high=tuple(days["high"]),
        level=LEVEL,
        n_days=state["n_days"],
        median=state["median"],
        mad=state["mad"],
        surprise=state["surprise"],
    )


def stage_of(enrollment: Enrollment) -> str:
    """The stage of a person's twin; static before there is one."""
    twin = Twin.objects.filter(enrollment=enrollment).first()
    return twin.stage if twin else Twin.Stage.STATIC
