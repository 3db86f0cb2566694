"""Values, ages and changes in plain words."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from phenotyping.features.gaps import Cause
from wellness.web.measures import Measure

FAR, CLEAR = 2.5, 1.0


def amount(measure: Measure, value: float) -> str:
    """A value with its unit: "7 h 12 min", "6,240 steps", "6 of 10"."""
    if measure.kind == "duration":
        return duration(value)
    if measure.kind == "score":
        return f"{_short(value)} of {measure.high:.0f}"
    n = round(value)
    return f"{n:,} {measure.one if n == 1 else measure.many}"


def span(measure: Measure, low: float, high: float) -> str:
    """Two values as a range, the unit said once where that reads well."""
    if measure.kind == "duration":
        return f"{duration(low)} to {duration(high)}"
    if measure.kind == "score":
        return f"{_short(low)} to {_short(high)} of {measure.high:.0f}"
    return f"{round(low):,} to {round(high):,} {measure.many}"


def tick(measure: Measure, value: float) -> str:
    """A value on an axis: "8 h", "6,000", "10"."""
    if measure.kind == "duration":
        return f"{value / 60:g} h" if value % 60 == 0 else f"{value:.0f} min"
    return f"{value:,g}" if value < 1000 else f"{value:,.0f}"


def duration(minutes: float) -> str:
    """Minutes as hours and minutes, without a zero part."""
    hours, rest = divmod(round(minutes), 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def _short(value: float) -> str:
    return f"{round(value, 1):g}"


def day(on: date) -> str:
    """A date as people say it: "Tue 3 Nov"."""
    return f"{on:%a} {on.day} {on:%b}"


def named_day(on: date, today: date) -> str:
    """ "today", "yesterday" or the date."""
    return {0: "today", 1: "yesterday"}.get((today - on).days, f"on {day(on)}")


def age(since: timedelta) -> str:
    """How long ago, in the one unit that matters."""
    minutes = max(since.total_seconds() / 60, 0)
    if minutes < 60:
        return f"{minutes:.0f} min ago" if minutes >= 1 else "just now"
    if minutes < 48 * 60:
        return f"{minutes / 60:.0f} h ago"
    return f"{minutes / 1440:.0f} days ago"


def freshness(last_at: datetime | None, now: datetime) -> tuple[str, str]:
    """The look and the words of the age of the last data (fresh up to 2 days, ageing to 3, then old)."""
    if last_at is None:
        return "none", "no data yet"
    since = now - last_at
    look = "fresh" if since < timedelta(days=2) else "ageing" if since < timedelta(days=3) else "old"
    return look, age(since)


def change(z: float) -> tuple[str, str]:
    """The arrow and the words for a distance from the person's own usual value, in spreads."""
    far = abs(z) >= FAR
    if abs(z) < CLEAR:
        return "→", "as usual"
    if z > 0:
        return ("⇈", "far above usual") if far else ("↑", "above usual")
    return ("⇊", "far below usual") if far else ("↓", "below usual")


REASONS = {
    "no_data": "no data",
    "low_coverage": "too little observed",
    "undefined": "could not be measured",
    "not_computed": "not computed yet",
    "not_over": "the day is not over",
}


def reason(code: str | None) -> str:
    """Why a day has no value."""
    return REASONS.get(code or "no_data", (code or "").replace("_", " "))


CAUSES: dict[Cause, str] = {  # what somebody can do something about comes first
    "permission_lost": "not permitted on the phone",
    "upload_stalled": "not uploaded yet",
    "unreadable": "stored but damaged",
    "app_killed": "app stopped by the phone",
    "phone_off": "phone off",
    "not_worn": "wearable not worn",
    "consent_withdrawn": "consent withdrawn",
    "unknown": "cause unknown",
}


def missing(minutes: Mapping[Cause, float]) -> list[tuple[str, str]]:
    """Why data are missing and for how long, both in words; causes of less than a minute are left out."""
    return [(words, duration(n)) for cause, words in CAUSES.items() if (n := minutes.get(cause, 0.0)) >= 1]
