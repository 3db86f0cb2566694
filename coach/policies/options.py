"""Options of a decision: the arms a rule offers, and `none`, which is always among them."""

import math
from collections.abc import Iterable, Mapping

NONE = "none"
SUM_TOLERANCE = 1e-9


def arms(options: Iterable[str]) -> tuple[str, ...]:
    """The options without `none`, in code-point order; ValueError when one is named twice."""
    named = list(options)
    if len(set(named)) < len(named):
        raise ValueError("an option is offered once")
    return tuple(sorted(option for option in named if option != NONE))


def with_none(treated: Mapping[str, float]) -> dict[str, float]:
    """The probabilities of the arms and, last, what they leave for `none`."""
    return {arm: treated[arm] for arm in sorted(treated)} | {NONE: 1 - math.fsum(treated.values())}


def checked(probs: Mapping[str, float]) -> dict[str, float]:
    """The same probabilities, arms in code-point order and `none` last; ValueError unless they can be drawn.

    Each lies strictly between 0 and 1, `none` is one of at least two options and the sum is 1.
    """
    if NONE not in probs or len(probs) < 2:
        raise ValueError("a draw is between 'none' and at least one other option")
    for option, prob in probs.items():
        if not 0 < prob < 1:
            raise ValueError(f"the probability of {option!r} is {prob}, not strictly between 0 and 1")
    if abs(math.fsum(probs.values()) - 1) > SUM_TOLERANCE:
        raise ValueError(f"the probabilities sum to {math.fsum(probs.values())}, not to 1")
    return {option: float(probs[option]) for option in (*arms(probs), NONE)}
