"""Places of a day: where still time lies dense."""

import numpy as np
from numpy.typing import NDArray

from phenotyping.features.geo import EARTH_M, Reals

REACH_M = 100.0
LEAST_MIN = 10.0  # the pause of Barnett and Onnela (2020) lasts 600 s at least
CELL_DEG = 1e-4  # 11 m: below the error of a fix; bounds the neighbours of a point at any sampling rate
NOWHERE = -1

Labels = NDArray[np.int64]


def places(lat: Reals, lon: Reals, weight_min: Reals, moving: NDArray[np.bool_]) -> Labels:
    """Place of each fix, numbered from 0; -1 for fixes at no place.

    DBSCAN on still fixes with their minutes as weight (L6): a place is where at least 10 still minutes lie
    within 100 m of a core point. Other fixes, moving ones too, belong to the place of the nearest core point
    within 100 m. Fixes in one cell of 11 m stand together at their weighted mean.

    Parameters
    ----------
    lat, lon : float arrays of shape (n,), degrees, no nan
    weight_min : float array of shape (n,), minutes, positive
    moving : bool array of shape (n,)

    References
    ----------
    Ester et al. (1996), KDD-96, 226-231; Vega et al. (2021), Front. Digit. Health 3:769823.
    """
    cell = _cells(lat, lon)
    total = np.bincount(cell, weight_min)
    points = np.radians(np.column_stack([np.bincount(cell, weight_min * x) / total for x in (lat, lon)]))
    still_min = np.bincount(cell, np.where(moving, 0.0, weight_min)).astype(np.float64)
    return _dense(points, still_min)[cell]


def _cells(lat: Reals, lon: Reals) -> Labels:
    """The cell of each point, numbered from 0."""
    shrink = np.cos(np.radians(lat[0]))
    north, east = np.floor(lat / CELL_DEG), np.floor(lon * shrink / CELL_DEG)
    key = (north * 2**32 + east).astype(np.int64)
    return np.unique(key, return_inverse=True)[1].astype(np.int64)


def _dense(points: Reals, still_min: Reals) -> Labels:
    """Place of each point (radians, shape (n, 2)), from one query of the ball tree.

    scikit-learn's DBSCAN class finds the same places, but spends a millisecond a day on checks, more than all
    other location values together, and has no rule for the moving points.
    """
    # Imported here: they take seconds, and of all processes only those that compute days need them.
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415
    from sklearn.neighbors import BallTree  # noqa: PLC0415

    tree = BallTree(points, metric="haversine")
    found, distances = tree.query_radius(points, REACH_M / EARTH_M, return_distance=True)
    one = np.repeat(np.arange(found.size), [indices.size for indices in found])
    two, distance = np.concatenate(found), np.concatenate(distances)
    core = (np.bincount(one, still_min[two]) >= LEAST_MIN) & (still_min > 0)
    linked = core[one] & core[two]
    graph = coo_array((linked[linked], (one[linked], two[linked])), shape=(core.size, core.size))
    component = connected_components(graph, directed=False)[1]
    labels = np.full(core.size, NOWHERE, np.int64)
    labels[core] = np.unique(component[core], return_inverse=True)[1]
    joins = np.flatnonzero(~core[one] & core[two])
    joins = joins[np.argsort(-distance[joins], kind="stable")]
    labels[one[joins]] = labels[two[joins]]  # the nearest is written last
    return labels
