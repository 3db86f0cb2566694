"""One line of the caseload: what needs attention, and how the person is compared with themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wellness.studies.models import Enrollment
from wellness.web.charts.figure import Figure
from wellness.web.charts.reading import figure
from wellness.web.charts.sparkline import Sparkline, sparkline
from wellness.web.clinician.reading import SPARK_DAYS, Dossier
from wellness.web.measures import PRIMARY
from wellness.web.words import FAR, amount, freshness, named_day

SILENT = timedelta(days=3)
RECENT = timedelta(days=3)  # an older change is no news


@dataclass(frozen=True)
class Row:
    """A person in the caseload, ready to be shown."""

    enrollment: Enrollment
    reasons: Sequence[tuple[str, str]]  # look and words of each chip
    freshness: tuple[str, str]
    age: timedelta | None
    label: str
    value: str
    spark: Sparkline | None
    change: tuple[str, str] | None
    distance: float
    n_check_ins: int | None

    @property
    def far(self) -> bool:
        """True when the latest value is far from usual."""
        return abs(self.distance) >= FAR

    @property
    def check_ins(self) -> str:
        """The check-in rate in words."""
        return "not shared" if self.n_check_ins is None else f"{self.n_check_ins} of {SPARK_DAYS} days"


def row(dossier: Dossier, now: datetime) -> Row:
    """The line of one person."""
    figures = _figures(dossier)
    first = next((one for one in figures if one.last), figures[0] if figures else None)
    age = now - dossier.last_at if dossier.last_at else None
    since = dossier.today - timedelta(days=SPARK_DAYS)
    return Row(
        enrollment=dossier.enrollment,
        reasons=_reasons(dossier, figures, age),
        freshness=freshness(dossier.last_at, now) if dossier.streams else ("none", "not shared"),
        age=age,
        label=first.measure.label if first else "nothing shared",
        value=_value(first),
        spark=_spark(first),
        change=first.verdict if first else None,
        distance=(first.distance or 0.0) if first else 0.0,
        n_check_ins=None
        if dossier.checked_in_on is None
        else sum(since < on <= dossier.today for on in dossier.checked_in_on),
    )


def _figures(dossier: Dossier) -> list[Figure]:
    """The leading measures that are shared, over a fortnight."""
    by_name = {one.phenotype: one for one in dossier.measures}
    first = dossier.today - timedelta(days=SPARK_DAYS - 1)
    leading = [by_name[name] for name in PRIMARY if name in by_name]
    return [figure(measure, dossier.days, first, dossier.today) for measure in leading]


def _reasons(dossier: Dossier, figures: Sequence[Figure], age: timedelta | None) -> list[tuple[str, str]]:
    found = [("danger", f"{alert.severity} alert") for alert in dossier.alerts]
    found += [("warn", words) for one in figures if (words := _sharp_change(dossier, one))]
    if dossier.measures and (age is None or age >= SILENT):
        found.append(("plain", "no data for 3 days" if age else "no data yet"))
    return found


def _sharp_change(dossier: Dossier, drawn: Figure) -> str:
    """A recent value far from what the twin expected, or with no twin far from usual, in words; else ""."""
    if drawn.last is None or dossier.today - drawn.last.on > RECENT:
        return ""
    surprise = dossier.surprises.get(drawn.measure.phenotype)
    if surprise is None:
        far = drawn.verdict is not None and abs(drawn.distance or 0.0) >= FAR
        return f"{drawn.measure.label} {drawn.verdict[1]}" if far and drawn.verdict else ""
    if abs(surprise) < FAR:
        return ""
    return f"{drawn.measure.label} unexpectedly {'high' if surprise > 0 else 'low'}"


def _value(drawn: Figure | None) -> str:
    if drawn is None or drawn.last is None or drawn.last.value is None:
        return "no value"
    return f"{amount(drawn.measure, drawn.last.value)} {named_day(drawn.last.on, drawn.today)}"


def _spark(drawn: Figure | None) -> Sparkline | None:
    if drawn is None:
        return None
    label = f"{drawn.measure.label}, last {SPARK_DAYS} days"
    return sparkline([point.value for point in drawn.points], drawn.usual, label)
