"""Why the coach must stay silent for a person now (trust.md section 7.2)."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from coach.delivery.models import Delivery
from coach.delivery.selectors import last_answers, sent_since
from coach.safety.models import Contraindication, Hold
from wellness.studies.models import Enrollment, Phase

QUIET = (time(22), time(7))
AT_MOST = (
    (timedelta(hours=2), 1, "too_soon"),
    (timedelta(days=1), 4, "budget_day"),
    (timedelta(days=7), 15, "budget_week"),
)
N_DISMISSALS = 3
COOL_DOWN = timedelta(days=2)
HOLD_CODES = {
    Hold.Kind.CRISIS: "crisis_hold",
    Hold.Kind.CLINICIAN: "clinician_hold",
    Hold.Kind.PARTICIPANT: "participant_pause",
}


def blocking(enrollment: Enrollment, now: datetime) -> list[str]:
    """Every reason, by code, why nothing may be sent to this person at `now`; empty when there is none."""
    codes = silencing(enrollment, now)
    if is_quiet(enrollment, now):
        codes.append("quiet_hours")
    for span, limit, code in AT_MOST:
        if sent_since(enrollment, now - span, now).count() >= limit:
            codes.append(code)
    if _cooling_down(enrollment, now):
        codes.append("cool_down")
    return codes


def silencing(enrollment: Enrollment, now: datetime) -> list[str]:
    """The reasons that hold for what was sent already, too: the person left, or a hold is in force."""
    codes = [] if enrollment.phase == Phase.ACTIVE else ["phase"]
    holds = Hold.objects.filter(enrollment=enrollment).in_force(now).values_list("kind", flat=True)
    return codes + sorted({HOLD_CODES[Hold.Kind(kind)] for kind in holds})


def is_quiet(enrollment: Enrollment, now: datetime, quiet: tuple[time, time] = QUIET) -> bool:
    """True inside the quiet hours [start, end) of the person's wall clock, which may wrap midnight."""
    wall = now.astimezone(ZoneInfo(enrollment.zones().at(now))).time()
    start, end = quiet
    return start <= wall < end if start <= end else wall >= start or wall < end


def _cooling_down(enrollment: Enrollment, now: datetime) -> bool:
    """True for a while after the person turned down the last three suggestions in a row."""
    recent = last_answers(enrollment, now, N_DISMISSALS, COOL_DOWN)
    turned_down = {Delivery.Response.NOT_NOW, Delivery.Response.LESS}
    return len(recent) == N_DISMISSALS and set(recent) <= turned_down


def conditions(enrollment: Enrollment, now: datetime) -> frozenset[str]:
    """The person's conditions in force, to be held against an intervention's contraindications."""
    rows = Contraindication.objects.filter(Q(ended_at=None) | Q(ended_at__gt=now), since__lte=now)
    rows = rows.filter(enrollment=enrollment)
    return frozenset(row.condition for row in rows.select_related("enrollment__study"))
