import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import DBSCAN
from sklearn.metrics import adjusted_rand_score

from phenotyping.features.geo import EARTH_M, centre, haversine_m, local_metres
from phenotyping.features.places import places

METRE = 180 / np.pi / EARTH_M


def test_haversine_gives_known_lengths():
    assert haversine_m(np.array([0.0]), np.array([0.0]), np.array([0.0]), np.array([1.0])) == pytest.approx(
        111_194.9, abs=0.1
    )
    assert haversine_m(
        np.array([90.0]), np.array([0.0]), np.array([-90.0]), np.array([7.0])
    ) == pytest.approx(np.pi * EARTH_M)


def test_centre_and_projection_hold_across_the_date_line():
    lat, lon = np.array([0.0, 0.0]), np.array([179.999, -179.999])
    middle = centre(lat, lon, np.array([1.0, 1.0]))
    assert abs(middle[1]) == pytest.approx(180)
    east, _ = local_metres(lat, lon, middle)
    assert east == pytest.approx([-0.001 / METRE, 0.001 / METRE], rel=1e-6)


def test_two_spots_70_m_apart_east_west_at_60_north_are_one_place():
    """Case 4: on raw degrees a reach of 100 m shrinks to 50 m there."""
    lat, step = np.full(2, 60.0), 70 * METRE / np.cos(np.radians(60))
    still, minutes = np.zeros(2, bool), np.full(2, 60.0)
    assert places(lat, np.array([24.0, 24.0 + step]), minutes, still).tolist() == [0, 0]
    assert places(lat, np.array([24.0, 24.0 + 2 * step]), minutes, still).tolist() == [0, 1]


def test_short_stops_and_moving_fixes_make_no_place_but_passing_home_counts():
    lat = np.array([60.0, 60.1, 60.2, 60.0 + 50 * METRE])
    found = places(
        lat, np.full(4, 24.0), np.array([30.0, 9.0, 60.0, 1.0]), np.array([False, False, True, True])
    )
    assert found.tolist() == [0, -1, -1, 0]


def test_a_passing_fix_joins_the_nearer_of_two_places_and_does_not_join_them():
    lat = 60.0 + np.array([0.0, 180.0, 81.0, 99.0]) * METRE
    found = places(
        lat, np.full(4, 24.0), np.array([30.0, 30.0, 1.0, 1.0]), np.array([False, False, True, True])
    )
    assert found.tolist() == [0, 1, 0, 1]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_places_equal_dbscan_of_scikit_learn_on_points_in_cells_of_their_own(seed):
    rng = np.random.default_rng(seed)
    cells = np.unique(rng.integers(0, 60, (80, 2)), axis=0)
    lat, lon = 0.00005 + cells[:, 0] * 4e-4, 0.00005 + cells[:, 1] * 4e-4
    minutes = rng.choice([1.0, 4.0, 12.0], lat.size)
    model = DBSCAN(eps=100 / EARTH_M, min_samples=10, metric="haversine", algorithm="ball_tree")
    model.fit(np.radians(np.column_stack([lat, lon])), sample_weight=minutes)
    ours = places(lat, lon, minutes, np.zeros(lat.size, bool))
    core = model.core_sample_indices_
    assert adjusted_rand_score(model.labels_[core], ours[core]) == 1
    assert np.array_equal(model.labels_ == -1, ours == -1)
