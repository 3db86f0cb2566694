"""Posterior: one person's state of one variable, as data that can be stored and carried on."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from phenotyping.dynamics.conformal import KEPT, SETTLED
from phenotyping.dynamics.kalman import Parameters, Path, State, run, step
from phenotyping.dynamics.outlook import RECENT, combined, recent_mean
from phenotyping.dynamics.personal import deviations, learn
from phenotyping.dynamics.prior import Prior

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Posterior:
    """Everything a forecast needs to know of a person besides the cohort's prior; transformed scale.

    `centre` is the mean that deviations are counted from (the cohort's at the last fit), `m` and `level` are
    deviations from it, `weekday` includes the group's pattern, `recent` holds the last seven days'
    deviations (None when missing), `scores` the latest one-step |error| / sd, `innovation` the standardised
    innovation of the last observed day and `gap_days` how many days ago that was.
    """

    centre: float
    weekday: tuple[float, ...]
    phi: float
    q: float
    r: float
    mean_var: float
    m: float
    level: float
    var_m: float
    cov: float
    var_l: float
    n_observed: int
    gap_days: int
    recent: tuple[float | None, ...]
    scores: tuple[float, ...]
    innovation: float | None

    @property
    def mean(self) -> float:
        """The personal mean, weekday effects and level left out."""
        return self.centre + self.m

    def to_json(self) -> dict[str, Any]:
        """Plain finite numbers, None and lists."""
        record = asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in record.items()}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """The posterior that to_json() described, equal to the last bit."""
        values: dict[str, Any] = {field.name: record[field.name] for field in fields(cls)}
        lists = ("weekday", "recent", "scores")
        return cls(**values | {name: tuple(values[name]) for name in lists})


def fit_people(y: Floats, weekday: Ints, prior: Prior) -> list[Posterior]:
    """Each person's posterior after the last day, all persons at once.

    Parameters
    ----------
    y : (n_people, n_days) array
        Values on the transformed scale, nan when missing or before the person joined; the last column
        is the origin of the forecast.
    weekday : (n_people, n_days) int array
        0 is Monday.
    """
    y = np.where(np.isfinite(y), y, np.nan)
    if y.shape[1] == 0:
        y, weekday = np.full((len(y), 1), np.nan), np.zeros((len(y), 1), np.int64)
    effects, parameters = learn(y, weekday, prior, prior.grid)
    return filter_people(deviations(y, weekday, prior, effects), effects, parameters, prior)


def filter_people(x: Floats, weekday: Floats, parameters: Parameters, prior: Prior) -> list[Posterior]:
    """Posteriors under known parameters, from deviations (n_days, n_people) and weekdays (n_people, 7)."""
    path = run(x, parameters)
    scores = one_step_scores(x, path, parameters, prior.blend)
    innovations = path.innovation / np.sqrt(path.variance)
    last = [column[-1].tolist() for column in path.states]
    fixed = [column.tolist() for column in parameters]
    people = zip(weekday.tolist(), zip(*fixed, strict=True), zip(*last, strict=True), x.T, strict=True)
    return [
        Posterior(prior.mean, tuple(effects), *own, *state, *_history(days, innovations[:, i], scores[:, i]))
        for i, (effects, own, state, days) in enumerate(people)
    ]


def _history(x: Floats, innovation: Floats, score: Floats) -> tuple[Any, ...]:
    """n_observed, gap_days, recent, scores and innovation of one person's days."""
    seen = np.flatnonzero(np.isfinite(x))
    recent = [None] * max(RECENT - len(x), 0) + [_or_none(value) for value in x[-RECENT:].tolist()]
    latest = float(innovation[seen[-1]]) if seen.size else None
    gap = len(x) - 1 - int(seen[-1]) if seen.size else len(x)
    return seen.size, gap, tuple(recent), tuple(score[seen[SETTLED:]][-KEPT:].tolist()), latest


def one_step_scores(x: Floats, path: Path, parameters: Parameters, blend: float) -> Floats:
    """|error| / sd of each day's forecast from the day before, (n_days, n_people); nan when missing."""
    mean, share = recent_mean(x)
    before = np.zeros((1, x.shape[1]))
    mean, share = np.concatenate([before, mean[:-1]]), np.concatenate([before, share[:-1]])
    # combined() is linear in the model's forecast, and x - innovation is that forecast on seen days
    model = x - path.innovation
    error = x - (model + blend * share * (mean - model))
    return np.abs(error) / np.sqrt(path.variance)


def stacked(posteriors: Sequence[Posterior]) -> tuple[State, Parameters, tuple[Floats, Floats]]:
    """States, parameters and recent means of many persons as arrays over persons."""
    rows = [(p.m, p.level, p.var_m, p.cov, p.var_l, p.phi, p.q, p.r, p.mean_var) for p in posteriors]
    columns = np.array(rows, np.float64).reshape(-1, 9).T
    recent = np.array([p.recent for p in posteriors], np.float64).reshape(-1, RECENT)
    mean, share = recent_mean(recent.T)
    return State(*columns[:5]), Parameters(*columns[5:]), (mean[-1], share[-1])


def assimilate(posterior: Posterior, y_next: float, weekday_next: int, prior: Prior) -> Posterior:
    """The posterior one day later, under the same parameters; a nan day is a prediction only."""
    state, parameters, recent = stacked([posterior])
    x = y_next - posterior.centre - posterior.weekday[weekday_next] if np.isfinite(y_next) else np.nan
    moved, innovation, variance = step(state, parameters, np.array([x]))
    names = ("m", "level", "var_m", "cov", "var_l")
    changed: dict[str, Any] = {name: float(v[0]) for name, v in zip(names, moved, strict=True)}
    changed["recent"] = (*posterior.recent[1:], _or_none(float(x)))
    if np.isnan(x):
        return replace(posterior, **changed, gap_days=posterior.gap_days + 1)
    mean, sd = combined(state, parameters, recent, prior.blend, 1)
    scores = posterior.scores
    if posterior.n_observed >= SETTLED:
        scores = (*scores, float(np.abs(x - mean[0]) / sd[0]))[-KEPT:]
    return replace(
        posterior,
        **changed,
        gap_days=0,
        n_observed=posterior.n_observed + 1,
        scores=scores,
        innovation=float(innovation[0] / np.sqrt(variance[0])),
    )


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value
