"""Spreading a budget of sends evenly over the time a person is likely to be eligible."""

import math
from collections.abc import Sequence

PMIN, PMAX = 0.005, 0.995


def spread_probability(
    target: float,
    actions: Sequence[int],
    probs: Sequence[float],
    *,
    remaining: float,
    decay: float,
    bounds: tuple[float, float] = (PMIN, PMAX),
) -> float:
    """The probability of sending now that spends what is left of a block's budget over its remaining time.

    Parameters
    ----------
    target : float
        Sends wanted in the block.
    actions, probs : sequences of length t
        What was chosen (0 or 1) at the eligible points of the block so far, oldest first, and with which
        probability; a send counts as such when recent and as its probability when `decay` has worn it off.
    remaining : float
        Expected eligible points still to come in the block, this one included; below 1 counts as 1.
    decay : float
        In [0, 1]; 0 counts probabilities, 1 counts sends.

    Returns
    -------
    probability : float
        Within `bounds`.

    References
    ----------
    Liao, Dempsey et al. (2018), Just-in-time but not too much, Proc. ACM IMWUT 2(4).
    """
    if len(actions) != len(probs):
        raise ValueError("every past point has an action and a probability")
    if not (math.isfinite(target) and math.isfinite(remaining) and 0 <= decay <= 1):
        raise ValueError("target and remaining time are finite, decay is in [0, 1]")
    now = len(actions)
    weights = [decay ** (now - index) for index in range(now)]
    spent = sum(w * a + (1 - w) * p for w, a, p in zip(weights, actions, probs, strict=True))
    low, high = bounds
    return min(max((target - spent) / max(remaining, 1.0), low), high)
