"""Location: how far, how widely and how variedly a person moved, and time at home.

A fix is carried forward until the next, at most 30 minutes; shares are shares of that time. Home of a day is
the place where most of the night before it, 00:00 to 06:00 local, was spent (L7).
"""

from collections.abc import Mapping
from functools import partial

import numpy as np

from phenotyping.features.coverage import MIN_YIELD, overlap
from phenotyping.features.geo import Reals, centre, haversine_m, local_metres
from phenotyping.features.phenotype import Phenotype
from phenotyping.features.places import NOWHERE, Labels, places
from phenotyping.features.sensor import Reading, SensedDay, Sensor
from phenotyping.features.track import Track, track
from phenotyping.features.window import US_PER_H, DayWindow

NIGHT_H = 6
LEAST_NIGHT_US = NIGHT_H * US_PER_H // 3  # a place seen for less of the night may be a stop on the way
LEAST_VARIANCE_M2 = 1.0  # below the error of a fix; keeps a day at one spot a value, not a gap

_location = partial(Phenotype, domain="mobility", streams=("gps",), scale="sqrt", min_yield=MIN_YIELD, low=0)
SAEB = "Saeb et al. (2015), J. Med. Internet Res. 17:e175"

PHENOTYPES = (
    _location(
        name="location.total_distance",
        label="Distance travelled",
        unit="m",
        definition="Great-circle length of legs of about 5, at most 30 min between fixes, at 1 to 250 km/h.",
        source=f"L1; {SAEB}",
        high=6_250_000,
    ),
    _location(
        name="location.log_location_variance",
        label="Spread of places (log)",
        unit="ln m^2",
        definition="ln of the time-weighted variance, at least 1 m^2, of positions not in transit.",
        source=f"L2; {SAEB}",
        scale="identity",
        high=34,
    ),
    _location(
        name="location.radius_of_gyration",
        label="Usual distance from the day's centre",
        unit="m",
        definition="Root of the time-weighted mean squared distance of all fixes from their centre.",
        source="L4; Gonzalez et al. (2008), Nature 453:779",
        high=22_500_000,
    ),
    _location(
        name="location.significant_places_visited",
        label="Places visited",
        unit="n",
        definition="Number of places, each with at least 10 still minutes within 100 m.",
        source="L6; Ester et al. (1996), KDD-96, 226-231",
        high=150,
    ),
    _location(
        name="location.location_entropy",
        label="Variety of places",
        unit="nats",
        definition="Entropy -sum p ln p of the shares p of time at places; time at no place left out.",
        source=f"L3; {SAEB}",
        scale="identity",
        high=6,
    ),
    _location(
        name="location.normalized_location_entropy",
        label="Evenness of time over places",
        unit="ratio",
        definition="Location entropy divided by ln of the number of places; 0 with one place.",
        source="L3; Palmius et al. (2017), IEEE Trans. Biomed. Eng. 64:1761",
        scale="identity",
        high=1,
    ),
    _location(
        name="location.time_at_home",
        label="Time at home",
        unit="min",
        definition="Minutes at the place of most of the night, 00:00-06:00, if it was seen there for 2 h.",
        source=f"L7; {SAEB}",
        high=1_500,
    ),
    _location(
        name="location.max_distance_from_home",
        label="Farthest from home",
        unit="m",
        definition="Greatest distance of a fix from the centre of home.",
        source="L7; Canzian and Musolesi (2015), UbiComp '15, 1293-1304",
        high=20_020_000,
    ),
    _location(
        name="location.static_ratio",
        label="Share of time not moving",
        unit="ratio",
        definition="Share of the observed time outside legs at 1 to 250 km/h.",
        source=f"L5; {SAEB}",
        scale="logit",
        high=1,
    ),
)


def measure(day: SensedDay) -> Reading:
    """Location values of the day, over the minutes its usable fixes hold."""
    window, found = day.window, track(day)
    values: dict[str, float | None] = dict.fromkeys(phenotype.name for phenotype in PHENOTYPES)
    if found.times.size:
        place = places(found.lat, found.lon, found.minutes, found.moving)
        values |= {**_movement(found), **_spread(found, place), **_variety(found, place)}
        values |= _home(found, place, window)
    return Reading(int(found.held_us.sum()), window.end_us - window.start_us, values)


def _movement(found: Track) -> Mapping[str, float | None]:
    """Unknown when no two fixes were near enough in time to tell movement."""
    if np.isnan(found.moved_m):
        return {}
    moving_us = found.held_us[found.moving].sum()
    return {
        "location.total_distance": found.moved_m,
        "location.static_ratio": float(1 - moving_us / found.held_us.sum()),
    }


def _spread(found: Track, place: Labels) -> Mapping[str, float | None]:
    settled = ~found.moving | (place != NOWHERE)
    spread = {"location.radius_of_gyration": float(np.sqrt(_variance(found.lat, found.lon, found.minutes)))}
    if settled.any():
        variance = _variance(found.lat[settled], found.lon[settled], found.minutes[settled])
        spread["location.log_location_variance"] = float(np.log(max(variance, LEAST_VARIANCE_M2)))
    return spread


def _variance(lat: Reals, lon: Reals, weight: Reals) -> float:
    """Weighted population variance of east plus north, m^2."""
    east, north = local_metres(lat, lon, centre(lat, lon, weight))
    return float((weight * (east**2 + north**2)).sum() / weight.sum())


def _variety(found: Track, place: Labels) -> Mapping[str, float | None]:
    at_place = place != NOWHERE
    minutes = np.bincount(place[at_place], found.minutes[at_place])
    n_places = minutes.size
    if not n_places:
        return {"location.significant_places_visited": 0.0}
    share = minutes / minutes.sum()
    entropy = max(float(-(share * np.log(share)).sum()), 0.0)
    return {
        "location.significant_places_visited": float(n_places),
        "location.location_entropy": entropy,
        "location.normalized_location_entropy": entropy / float(np.log(n_places)) if n_places > 1 else 0.0,
    }


def _home(found: Track, place: Labels, window: DayWindow) -> Mapping[str, float | None]:
    """Unknown when less than two hours of the night were seen at any one place."""
    begins = np.maximum(found.times, window.start_us)
    night_us = overlap(begins, begins + found.held_us, window.start_us, window.instant_us(NIGHT_H))
    at_place = place != NOWHERE
    per_place = np.bincount(place[at_place], night_us[at_place])
    if not per_place.size or per_place.max() < LEAST_NIGHT_US:
        return {}
    at_home = place == per_place.argmax()
    lat, lon = centre(found.lat[at_home], found.lon[at_home], found.minutes[at_home])
    far = haversine_m(found.lat, found.lon, np.asarray(lat), np.asarray(lon)).max()
    return {
        "location.time_at_home": float(found.minutes[at_home].sum()),
        "location.max_distance_from_home": float(far),
    }


SENSOR = Sensor(PHENOTYPES, measure)
