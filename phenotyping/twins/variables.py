"""How one phenotype becomes a variable of a twin: its scale, its weekdays and its cohort's prior."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from phenotyping.dynamics.prior import Prior, fit_prior, weak_prior
from phenotyping.dynamics.scale import Scale, scale_for
from phenotyping.features.registry import REGISTRY

MODEL_VERSION = "pooled-eb-1"
HORIZON = 7
LEVEL = 0.8
WINDOW_DAYS = 180

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Where a day of most adults falls, in the phenotype's unit. Possible ranges are far wider than usual ones and
# would make a first guess of thousands of unlocks; it counts as two people, so only its order matters.
TYPICAL: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "screen.unlock_count": (5, 150),
        "screen.unlock_total_duration": (20, 480),
        "screen.unlock_mean_duration": (0.5, 20),
        "screen.screen_on_count": (10, 250),
        "screen.screen_on_total_duration": (30, 500),
        "screen.first_unlock": (330, 660),
        "battery.charge_episode_count": (0, 6),
        "battery.charge_total_duration": (0, 600),
        "battery.mean_consumption_rate": (0.5, 20),
        "location.total_distance": (500, 100_000),
        "location.log_location_variance": (5, 20),
        "location.radius_of_gyration": (50, 20_000),
        "location.significant_places_visited": (1, 8),
        "location.location_entropy": (0, 2.5),
        "location.time_at_home": (300, 1_440),
        "location.max_distance_from_home": (100, 50_000),
        "steps.total": (500, 18_000),
        "steps.active_minutes": (5, 200),
        "steps.peak_30min_cadence": (20, 130),
        "sleep.duration": (240, 660),
        "sleep.onset": (540, 840),
        "sleep.wake": (300, 660),
        "sleep.midpoint": (780, 1_080),
        "calls.incoming_count": (0, 15),
        "calls.outgoing_count": (0, 15),
        "calls.missed_count": (0, 8),
        "calls.total_duration": (0, 3_600),
        "calls.distinct_contacts": (0, 10),
        "messages.incoming_count": (0, 60),
        "messages.outgoing_count": (0, 60),
        "messages.distinct_contacts": (0, 15),
        "communication.distinct_contacts": (0, 20),
    }
)


def scale_of(variable: str) -> Scale:
    """The scale on which a phenotype's noise is roughly even."""
    phenotype = REGISTRY[variable]
    return scale_for(phenotype.scale, phenotype.low, phenotype.high)


def weekdays(on: Sequence[date]) -> Ints:
    """Weekday of each date, 0 is Monday."""
    return np.array([one.weekday() for one in on], np.int64)


def weekdays_after(origin_on: date, n_days: int = HORIZON) -> Ints:
    """Weekdays of the days after a date."""
    return (origin_on.weekday() + 1 + np.arange(n_days)) % 7


def prior_of(variable: str, y: Floats, weekday: Ints) -> Prior:
    """The prior that these people's days (n_people, n_days; original scale, nan gaps) support."""
    scale = scale_of(variable)
    return fit_prior(scale.forward(y), weekday, weak_prior(scale, TYPICAL.get(variable)))
