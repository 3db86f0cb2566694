"""One person's variables fitted to their days, and the week that follows from each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from phenotyping.days.selectors import Series
from phenotyping.dynamics.anomaly import baseline_band, surprise
from phenotyping.dynamics.forecast import forecast
from phenotyping.dynamics.person import fit_people
from phenotyping.dynamics.prior import Prior
from phenotyping.twins.variables import LEVEL, Floats, prior_of, scale_of, weekdays, weekdays_after


@dataclass(frozen=True)
class Fitted:
    """Fitted variables and their forecasts from `origin_on` on, as plain values ready to be sealed."""

    origin_on: date
    n_days: int
    state: Mapping[str, Mapping[str, Any]]
    ahead: Mapping[str, Mapping[str, Any]]


def fitted(days: Series, priors: Mapping[str, Prior]) -> Fitted:
    """Every variable with a value, from the cohort's prior or, where there is none, from a weak one."""
    weekday = weekdays(days.on)[None, :]
    coming = weekdays_after(days.on[-1])
    state, ahead = {}, {}
    for name, y in days.y.items():
        if not np.isfinite(y).any():
            continue
        prior = priors.get(name) or prior_of(name, y[None, :], weekday)
        scale = scale_of(name)
        posterior = fit_people(scale.forward(y)[None, :], weekday, prior)[0]
        week = forecast(posterior, prior, scale, coming, LEVEL)
        ahead[name] = {"mean": week.mean.tolist(), "low": week.low.tolist(), "high": week.high.tolist()}
        state[name] = _summary(y, surprise(posterior)) | {"posterior": posterior.to_json()}
    return Fitted(days.on[-1], len(days.on), state, ahead)


def _summary(y: Floats, z: float) -> dict[str, Any]:
    median, mad = baseline_band(y)
    return {
        "n_days": int(np.isfinite(y).sum()),
        "median": median,
        "mad": mad,
        "surprise": None if np.isnan(z) else z,
    }
