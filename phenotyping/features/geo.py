"""Distances on the sphere. Angles in degrees, lengths in metres, weights in any unit."""

import numpy as np
from numpy.typing import NDArray

EARTH_M = 6_371_000.0

Reals = NDArray[np.float64]


def haversine_m(lat_a: Reals, lon_a: Reals, lat_b: Reals, lon_b: Reals) -> Reals:
    """Great-circle distance, broadcast over the arguments."""
    phi_a, phi_b = np.radians(lat_a), np.radians(lat_b)
    half = np.sin((phi_b - phi_a) / 2) ** 2
    half += np.cos(phi_a) * np.cos(phi_b) * np.sin(np.radians(np.subtract(lon_b, lon_a)) / 2) ** 2
    distance: Reals = 2 * EARTH_M * np.arcsin(np.sqrt(np.minimum(half, 1)))
    return distance


def centre(lat: Reals, lon: Reals, weight: Reals) -> tuple[float, float]:
    """Weighted mean position (lat, lon), right across the date line too; the total weight is positive."""
    east = _wrapped(lon - lon[0])
    total = weight.sum()
    mean_lon = _wrapped(np.asarray(lon[0] + (east * weight).sum() / total))
    return float((lat * weight).sum() / total), float(mean_lon)


def local_metres(lat: Reals, lon: Reals, origin: tuple[float, float]) -> tuple[Reals, Reals]:
    """East and north of an origin (lat, lon), by equirectangular projection; shapes as given."""
    scale = EARTH_M * np.pi / 180
    return scale * np.cos(np.radians(origin[0])) * _wrapped(lon - origin[1]), scale * (lat - origin[0])


def _wrapped(degrees: Reals) -> Reals:
    return (degrees + 180) % 360 - 180
