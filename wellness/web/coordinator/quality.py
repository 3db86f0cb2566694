"""Data quality of a study: coverage, the ledger of uploads, work waiting, and the randomisation."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, Sum

from coach.decisions.models import Decision
from coach.delivery.models import Delivery
from coach.trials.fidelity import Availability, Fairness, availability, coin_fairness
from phenotyping.days.models import Day
from phenotyping.intake.models import UploadPart
from wellness.studies.models import Enrollment
from wellness.web.words import day as named
from wellness.work.claims import MAX_ATTEMPTS
from wellness.work.kinds import KINDS

N_DAYS = 28


@dataclass(frozen=True)
class Cell:
    """One person-day: percent observed, its shade, and both in words."""

    text: str
    look: str
    title: str


@dataclass(frozen=True)
class Matrix:
    """People by days."""

    days: Sequence[date]
    rows: Sequence[tuple[str, Sequence[Cell], str]]  # code, cells, mean


def matrix(people: Sequence[Enrollment], now: datetime) -> Matrix:
    """Coverage of the four weeks up to yesterday; counts and minutes only, which are kept in clear."""
    days = [now.date() - timedelta(days=k) for k in range(N_DAYS, 0, -1)]
    computed = Day.objects.computed().filter(enrollment__in=people, on__gte=days[0], on__lte=days[-1])
    fields = computed.values_list("enrollment_id", "on", "observed_min", "expected_min")
    share = {(pk, on): seen / of if of else 0.0 for pk, on, seen, of in fields}
    rows = []
    for one in people:
        known = [share.get((one.pk, on)) for on in days]
        cells = [_cell(on, part) for on, part in zip(days, known, strict=True)]
        seen = [part for part in known if part is not None]
        rows.append((one.code, cells, f"{sum(seen) / len(seen):.0%}" if seen else "–"))
    return Matrix(days, rows)


def _cell(on: date, share: float | None) -> Cell:
    if share is None:
        return Cell("–", "none", f"{named(on)}: nothing received")
    return Cell(f"{share * 100:.0f}", str(min(int(share * 5), 4)), f"{named(on)}: {share:.0%} observed")


@dataclass(frozen=True)
class Ledger:
    """Rows sent, stored and refused: in all, by stream, and refused by reason."""

    sent: int
    stored: int
    refused: int
    streams: Sequence[tuple[str, int, int, int]]
    reasons: Sequence[tuple[str, int]]


def ledger(people: Sequence[Enrollment]) -> Ledger:
    """The uploads' ledger; sent = stored + refused."""
    parts = UploadPart.objects.filter(upload__enrollment__in=people)
    sums = parts.order_by("stream").values_list("stream")
    streams = list(sums.annotate(Sum("n_sent"), Sum("n_stored"), Sum("n_refused")))
    reasons: Counter[str] = Counter()
    for refusals in parts.filter(n_refused__gt=0).values_list("refusals", flat=True):
        for refusal in refusals:
            reasons[refusal["code"]] += refusal["n"]
    sent, stored, refused = (sum(row[k] for row in streams) for k in (1, 2, 3))
    return Ledger(sent, stored, refused, streams, reasons.most_common())


@dataclass(frozen=True)
class Waiting:
    """One kind of work: rows due now, rows to be tried again, rows given up."""

    kind: str
    due: int
    failed: int
    dead: int


def waiting(people: Sequence[Enrollment], now: datetime) -> list[Waiting]:
    """What workers have still to do for these people."""
    found = []
    for kind in KINDS.values():
        due = kind.due(now)
        if "enrollment" not in {field.name for field in due.model._meta.fields}:
            continue  # it is about a text of the study, not about people
        theirs = {"enrollment__in": people}
        due, rows = due.filter(**theirs), due.model._default_manager.filter(**theirs)
        gone = Q(attempts__gte=MAX_ATTEMPTS)
        counted = rows.aggregate(
            failed=Count("pk", filter=~Q(last_error="") & ~gone), dead=Count("pk", filter=gone)
        )
        found.append(Waiting(kind.name, due.count(), counted["failed"], counted["dead"]))
    return found


@dataclass(frozen=True)
class Randomisation:
    """Decisions, what became of them, and whether the coin was fair."""

    availability: Availability
    options: Sequence[tuple[str, int]]
    deliveries: Sequence[tuple[str, int]]
    n_answered: int
    coin: Fairness

    @property
    def verdict(self) -> str:
        """The coin in words."""
        if not self.coin.n:
            return "No decision was randomised yet."
        fair = "as expected from chance" if self.coin.p >= 0.01 else "more than chance explains, look into it"
        return (
            f"{self.coin.observed} suggestions were drawn, {self.coin.expected:.1f} were expected: {fair}"
            f" (z = {self.coin.z:.2f}, p = {self.coin.p:.2f})."
        )


def _public(code: str) -> str:
    """A reason without the reading that it names."""
    return code.partition(":")[0]


def randomisation(people: Sequence[Enrollment]) -> Randomisation:
    """How the trial ran for these people."""
    made = Decision.objects.filter(enrollment__in=people)
    rows = list(made.values_list("available", "reasons", "option", "probabilities"))
    drawn = [(option, dict(probabilities)) for available, _, option, probabilities in rows if available]
    coins = [(option != "none", 1 - chances.get("none", 0.0)) for option, chances in drawn]
    coins = [(sent, chance) for sent, chance in coins if 0 < chance < 1]
    deliveries = Delivery.objects.filter(enrollment__in=people)
    states = Counter(deliveries.values_list("state", flat=True))
    reasons = [
        () if available else [_public(code) for code in reasons] or ("rule_not_met",)
        for available, reasons, _, _ in rows
    ]
    return Randomisation(
        availability=availability(reasons),
        options=sorted(Counter(option for option, _ in drawn).items()),
        deliveries=sorted(states.items()),
        n_answered=deliveries.exclude(response="").count(),
        coin=coin_fairness([sent for sent, _ in coins], [chance for _, chance in coins]),
    )
