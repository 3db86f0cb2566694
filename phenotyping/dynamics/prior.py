"""Prior: the cohort model of one variable, from which every person's twin starts."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from phenotyping.dynamics.conformal import cohort_scores, weak_scores
from phenotyping.dynamics.grid import Grid, weak_grid, with_cohort
from phenotyping.dynamics.kalman import run
from phenotyping.dynamics.moments import DAYS, PSEUDO_DAYS, Moments, cohort_moments
from phenotyping.dynamics.outlook import best_blend
from phenotyping.dynamics.personal import deviations, grid_likelihood, learn
from phenotyping.dynamics.scale import Scale

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FITTED_SHARE = 0.6  # of a person's days; the others judge the forecasts (split conformal)
HORIZONS = range(1, 8)
WEAK_WIDTH = 1.25


@dataclass(frozen=True)
class Prior(Moments):
    """Moments of the cohort, its weights on the level's grid, and how far its forecasts missed.

    All on the transformed scale; `blend` is the weight of the last week's mean in a forecast, and
    `scores` holds, per horizon group, quantiles of |error| / sd at 1 %, 2 %, ... 99 %.
    """

    phi: tuple[float, ...]
    q_ratio: tuple[float, ...]
    log_weight: tuple[float, ...]
    blend: float
    scores: tuple[tuple[float, ...], ...]

    @property
    def grid(self) -> Grid:
        """The grid as arrays."""
        return Grid(np.array(self.phi), np.array(self.q_ratio), np.array(self.log_weight))

    def to_json(self) -> dict[str, Any]:
        """Plain finite numbers and lists."""
        return {name: _listed(value) for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """The prior that to_json() described, equal to the last bit."""
        return cls(**{field.name: _tupled(record[field.name]) for field in fields(cls)})


def fit_prior(y: Floats, weekday: Ints, weak: Moments | None = None) -> Prior:
    """The prior that a cohort supports; with no data at all, the weak one.

    Parameters
    ----------
    y : (n_people, n_days) array
        Values on the transformed scale, nan when missing.
    weekday : (n_people, n_days) int array
        0 is Monday.
    weak : Moments, optional
        What is believed before any data (`weak_prior`); it counts as a few people.
    """
    y = np.where(np.isfinite(y), y, np.nan)
    moments = cohort_moments(y, weekday, weak)
    if not np.isfinite(y).any():
        return _assembled(moments, weak_grid(), 0.0, weak_scores(WEAK_WIDTH))
    counted = np.isfinite(y).cumsum(axis=1)
    early = np.where(counted <= np.ceil(FITTED_SHARE * counted[:, -1:]), y, np.nan)
    judged = (np.isfinite(y) & ~np.isfinite(early)).T
    grid = with_cohort(weak_grid(), grid_likelihood(y, weekday, moments, weak_grid()))
    effects, parameters = learn(early, weekday, moments, grid)
    x = deviations(y, weekday, moments, effects)
    path = run(x, parameters)
    days = range(1, min(HORIZONS.stop, len(x)))
    blend = best_blend(x, path.states, parameters, judged, days)
    return _assembled(moments, grid, blend, cohort_scores(x, path.states, parameters, blend, judged))


def weak_prior(scale: Scale, typical: tuple[float, float] | None = None) -> Prior:
    """The prior of the first person of all, from the range in which a day's value usually falls.

    Parameters
    ----------
    typical : (low, high), optional
        On the original scale; the scale's own bounds when left out. ValueError when neither is finite.
    """
    low, high = scale.forward(typical or (scale.low, scale.high))
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ValueError("an unbounded scale needs a typical range")
    sd = float(high - low) / 6
    moments = Moments(
        0, 0, float(low + high) / 2, (1.5 * sd) ** 2, sd**2, (0.0,) * DAYS, (0.2 * sd) ** 2, PSEUDO_DAYS
    )
    return _assembled(moments, weak_grid(), 0.0, weak_scores(WEAK_WIDTH))


def _assembled(moments: Moments, grid: Grid, blend: float, scores: tuple[tuple[float, ...], ...]) -> Prior:
    base: dict[str, Any] = {field.name: getattr(moments, field.name) for field in fields(Moments)}
    columns: dict[str, Any] = {name: tuple(column.tolist()) for name, column in grid._asdict().items()}
    return Prior(**base, **columns, blend=blend, scores=scores)


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


def _tupled(value: Any) -> Any:
    return tuple(_tupled(item) for item in value) if isinstance(value, list) else value
