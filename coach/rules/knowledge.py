"""What is known of one variable at one instant, and why not when nothing is."""

from dataclasses import dataclass
from typing import Literal

from coach.rules.comparison import is_number
from coach.rules.variables import Reading, Value, Variable

Why = Literal[
    "",
    "absent",
    "no_consent",
    "wrong_type",
    "wrong_unit",
    "out_of_range",
    "low_coverage",
    "no_time",
    "in_future",
    "too_old",
]
# A phone's clock may run ahead of the server's by as much as intake accepts.
CLOCK_SKEW_S = 300


@dataclass(frozen=True)
class Knowledge:
    """A value to decide on when `why` is empty; otherwise the reason why there is none.

    The value is kept for the trace even when it may not be used, except without consent: then neither
    value nor age leaves this place.
    """

    value: Value | None
    age_s: float | None
    why: Why


def knowledge(
    variable: Variable, reading: Reading | None, *, now_us: int, max_age_min: float | None
) -> Knowledge:
    """What a reading tells about a variable at `now_us`; the first reason against it that applies."""
    if reading is None:
        return Knowledge(None, None, "absent")
    if not reading.consented:
        return Knowledge(None, None, "no_consent")
    age_s = None if reading.observed_at_us is None else (now_us - reading.observed_at_us) / 1_000_000
    if reading.value is None:
        return Knowledge(None, age_s, "absent")
    if not _has_kind(reading.value, variable):
        return Knowledge(None, age_s, "wrong_type")
    why = _unfit(variable, reading.value, reading) or _untimely(age_s, max_age_min)
    return Knowledge(reading.value, age_s, why)


def _has_kind(value: Value, variable: Variable) -> bool:
    if variable.kind == "number":
        return is_number(value)
    return isinstance(value, bool if variable.kind == "flag" else str)


def _unfit(variable: Variable, value: Value, reading: Reading) -> Why:
    if reading.unit != variable.unit:
        return "wrong_unit"
    if variable.kind == "number" and not variable.admits(float(value)):
        return "out_of_range"
    if variable.kind == "word" and variable.words and value not in variable.words:
        return "out_of_range"
    covered = 0.0 if reading.coverage is None else reading.coverage
    return "" if covered >= variable.min_coverage else "low_coverage"


def _untimely(age_s: float | None, max_age_min: float | None) -> Why:
    if age_s is None:
        return "" if max_age_min is None else "no_time"
    if age_s < -CLOCK_SKEW_S:
        return "in_future"
    if max_age_min is not None and age_s > max_age_min * 60:
        return "too_old"
    return ""
