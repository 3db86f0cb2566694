"""The cohort prior: known truth, empty cohorts, JSON."""

import json

import numpy as np
import pytest
from dynamics_people import WEEKDAY, people, weekdays

from phenotyping.dynamics.prior import Prior, fit_prior, weak_prior
from phenotyping.dynamics.scale import scale_for
from wellness.lib.canonical import canonical


def test_a_large_cohort_shows_the_truth():
    y, weekday, _mean = people(400, 90)
    prior = fit_prior(y, weekday)
    assert prior.mean == pytest.approx(50, abs=1.5)
    assert prior.between_var == pytest.approx(64, rel=0.2)
    assert prior.within_var == pytest.approx(36 * np.exp(2 * 0.25**2), rel=0.15)
    np.testing.assert_allclose(prior.weekday, WEEKDAY, atol=0.5)
    assert prior.n_people == 400
    assert prior.n_days == np.isfinite(y).sum()


def test_weekdays_without_a_pattern_are_shrunk_away():
    rng = np.random.default_rng(3)
    y, weekday = rng.standard_normal((30, 60)), weekdays(30, 0, 60)
    by_day = [y[weekday == day].mean() for day in range(7)]
    assert np.abs(fit_prior(y, weekday).weekday).sum() < 0.7 * np.abs(by_day).sum()


def test_grid_weights_follow_the_cohort():
    rng = np.random.default_rng(4)
    noise, weekday = rng.standard_normal((60, 120)), weekdays(60, 0, 120)
    walk = np.stack([np.convolve(row, 0.9 ** np.arange(60))[:120] for row in noise])

    def usual_phi(y):
        prior = fit_prior(y, weekday)
        share = np.array(prior.q_ratio) / (1 - np.array(prior.phi) ** 2)
        return float(np.exp(prior.log_weight) @ (np.array(prior.phi) * share / (1 + share)))

    assert usual_phi(noise) < 0.25
    assert usual_phi(walk) > 0.6


def test_people_alike_in_their_noise_share_more_of_it():
    rng = np.random.default_rng(5)
    y, weekday = rng.standard_normal((60, 40)), weekdays(60, 0, 40)
    unlike = y * np.exp(rng.standard_normal((60, 1)))
    assert fit_prior(unlike, weekday).pseudo_days < 5
    assert fit_prior(y, weekday).pseudo_days >= 15


def test_shift_of_the_cohort_shifts_only_its_mean():
    y, weekday, _mean = people()
    here, there = fit_prior(y, weekday), fit_prior(y + 1000, weekday)
    assert there.mean == pytest.approx(here.mean + 1000)
    for name in ("between_var", "within_var", "weekday", "blend", "log_weight"):
        assert getattr(there, name) == pytest.approx(getattr(here, name), rel=1e-6, abs=1e-9)
    np.testing.assert_allclose(there.scores, here.scores, rtol=1e-6)


def test_order_of_people_does_not_matter():
    y, weekday, _mean = people()
    there, back = fit_prior(y, weekday), fit_prior(y[::-1], weekday)
    assert back.log_weight == pytest.approx(there.log_weight)
    np.testing.assert_allclose(back.scores, there.scores, rtol=1e-9)


POOR = {
    "nobody": np.empty((0, 30)),
    "no days": np.empty((3, 0)),
    "all missing": np.full((3, 30), np.nan),
    "one day of one person": np.where(np.arange(30) == 7, 4.0, np.nan)[None, :],
    "one constant person": np.full((1, 30), 4.0),
    "infinite": np.full((2, 30), np.inf),
    "all the same": np.full((5, 30), 4.0),
}


@pytest.mark.parametrize("y", POOR.values(), ids=POOR)
@pytest.mark.parametrize("weak", [None, weak_prior(scale_for("identity", 0, 10))], ids=["alone", "weak"])
def test_poor_cohorts_give_a_finite_prior(y, weak):
    prior = fit_prior(y, weekdays(len(y), 0, y.shape[1]), weak)
    canonical(prior.to_json())
    assert prior.within_var > 0
    assert prior.between_var > 0
    assert min(row[79] for row in prior.scores) > 0


def test_no_data_gives_the_weak_prior_itself():
    weak = weak_prior(scale_for("sqrt", 0, np.inf), typical=(400, 14_400))
    assert fit_prior(np.full((4, 20), np.nan), weekdays(4, 0, 20), weak) == weak
    assert weak.mean == pytest.approx(70)


def test_an_unbounded_scale_needs_a_typical_range():
    with pytest.raises(ValueError, match="typical"):
        weak_prior(scale_for("sqrt", 0, np.inf))


@pytest.mark.parametrize("n_people", [0, 12])
def test_json_round_trip_is_exact(n_people):
    y, weekday, _mean = people(n_people)
    prior = fit_prior(y, weekday)
    assert Prior.from_json(json.loads(json.dumps(prior.to_json(), allow_nan=False))) == prior
