"""Versions of what a policy has learned."""

import json

import pytest

from coach.policies.posterior import Posterior

GOOD = Posterior((0.1, 0.2), ((1.0, 0.5), (0.5, 2.0)), 40, 1_800_000_000_000_000)


def test_a_posterior_survives_storage_with_its_digest():
    again = Posterior.from_json(json.loads(json.dumps(GOOD.to_json())))
    assert again == GOOD and again.digest == GOOD.digest


@pytest.mark.parametrize(
    ("mean", "covariance"),
    [
        ((0.1,), GOOD.covariance),
        ((0.1, float("nan")), GOOD.covariance),
        (GOOD.mean, ((1.0, 0.5), (0.4, 2.0))),
        (GOOD.mean, ((1.0, 2.0), (2.0, 1.0))),
        (GOOD.mean, ((float("inf"), 0.0), (0.0, 1.0))),
    ],
)
def test_a_posterior_that_is_no_distribution_is_never_made(mean, covariance):
    with pytest.raises(ValueError, match="posterior"):
        Posterior(mean, covariance, 40, 0)
