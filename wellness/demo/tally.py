"""What came out of a demo, stage by stage; an empty stage is a broken loop."""

from collections import Counter
from collections.abc import Sequence

from django.db.models import Sum

from coach.decisions.models import Decision, Outcome
from coach.decisions.replay import replay
from coach.delivery.models import Delivery
from phenotyping.days.models import Day
from phenotyping.intake.models import Chunk, Upload
from phenotyping.surveys.models import Answer
from phenotyping.twins.models import Forecast, Twin
from wellness.demo.living import Run

MAY_BE_ZERO = ("rows_refused", "decisions_replayed_differently", "work_failed")


def tally(runs: Sequence[Run], n_pages: int) -> dict[str, int]:
    """Counts by stage, in the order of the loop."""
    phones: Counter[str] = sum((run.phone.ledger for run in runs), Counter())
    kept = Upload.objects.aggregate(Sum("n_sent"), Sum("n_stored"), Sum("n_refused"))
    differ = sum(bool(replay(one)) for one in _decisions())
    return {
        "rows_sent": phones["sent"],
        "rows_stored": kept["n_stored__sum"] or 0,
        "rows_refused": kept["n_refused__sum"] or 0,
        "uploads": phones["uploads"],
        "chunks": Chunk.objects.filter(state=Chunk.State.LIVE).count(),
        "check_ins": Answer.objects.count(),
        "days": Day.objects.computed().count(),
        "features": Day.objects.aggregate(Sum("n_values"))["n_values__sum"] or 0,
        "twins": Twin.objects.filter(n_variables__gt=0).count(),
        "forecasts": Forecast.objects.count(),
        "decisions": Decision.objects.count(),
        "decisions_available": Decision.objects.filter(available=True).count(),
        "decisions_sent": Decision.objects.filter(delivery__state=Delivery.State.SENT).count(),
        "decisions_replayed_differently": differ,
        "deliveries": Delivery.objects.filter(state=Delivery.State.SENT).count(),
        "responses": Delivery.objects.exclude(response="").count(),
        "outcomes": Outcome.objects.filter(state=Outcome.State.OBSERVED).count(),
        "pages_checked": n_pages,
        "work_failed": sum(_failed()),
    }


def faults(counts: dict[str, int]) -> list[str]:
    """What is wrong with a demo's counts, in words; empty when every stage worked."""
    found = [
        f"nothing came out of {stage}" for stage, n in counts.items() if not n and stage not in MAY_BE_ZERO
    ]
    if counts["rows_sent"] != counts["rows_stored"] + counts["rows_refused"]:
        found.append("rows sent are not rows stored plus rows refused")
    if counts["decisions_replayed_differently"]:
        found.append("a decision differs from its replay")
    if counts["work_failed"]:
        found.append("work failed")
    return found


def _decisions() -> Sequence[Decision]:
    return list(Decision.objects.select_related("enrollment__study", "rule", "delivery__message"))


def _failed() -> list[int]:
    """How many rows of each kind carry an error."""
    return [model.objects.exclude(last_error="").count() for model in (Day, Twin, Delivery, Outcome)]
