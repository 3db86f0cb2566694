"""The context snapshot: everything a decision may rest on, frozen as plain values before the draw."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max, Q

from coach.decisions.models import DecisionPoint
from coach.decisions.readings import gather
from coach.decisions.spec import RuleSpec
from coach.delivery.models import Delivery
from coach.delivery.selectors import sent_since
from coach.library.models import Intervention, Message
from coach.safety import guards
from wellness.consent.gate import Permit
from wellness.lib.clock import to_us
from wellness.studies.models import Enrollment

LOCALE = "en"
NOON, EVENING = 12, 18
NEVER = datetime.min.replace(tzinfo=UTC)


def take(
    point: DecisionPoint, spec: RuleSpec, permits: Mapping[str, Permit], now: datetime
) -> dict[str, Any]:
    """The snapshot as canonical-JSON values: time, readings, reasons for silence, options and messages."""
    person = point.enrollment
    wall = now.astimezone(ZoneInfo(point.zone))
    conditions = guards.conditions(person, now)
    readings = gather(person, spec.variables(), permits, now)
    return {
        "now_us": to_us(now),
        "local_time": wall.time().isoformat(),
        "zone": point.zone,
        "readings": {name: reading.to_json() for name, reading in readings.items()},
        "silence": _silence(point, spec, permits, now),
        "excluded": _excluded(spec, conditions),
        "messages": _next_messages(person, spec, wall.hour),
    }


def _silence(point: DecisionPoint, spec: RuleSpec, permits: Mapping[str, Permit], now: datetime) -> list[str]:
    """Every reason known before the draw why nothing may be offered; none of them is a rule of the study."""
    codes = [] if permits else ["consent"]
    codes += ["server_late"] if now > point.grace_until else []
    codes += ["other_rule"] if _outranked(point) else []
    codes += guards.blocking(point.enrollment, now)
    if "quiet_hours" not in codes and guards.is_quiet(point.enrollment, now, spec.quiet):
        codes.append("quiet_hours")
    today = point.enrollment.zones().day(point.on)
    if sent_since(point.enrollment, today.starts_at, now).count() >= spec.per_day:
        codes.append("budget")
    return codes


def _outranked(point: DecisionPoint) -> bool:
    """True when a rule of higher priority is due for this person at the same instant."""
    rivals = DecisionPoint.objects.filter(enrollment=point.enrollment, due_at=point.due_at)
    first = (
        rivals.order_by("rule__priority", "rule__name", "-rule__version")
        .values_list("rule", flat=True)
        .first()
    )
    return first != point.rule_id


def _excluded(spec: RuleSpec, conditions: frozenset[str]) -> list[str]:
    """Arms that must not be offered: their intervention is retired or contraindicated for this person."""
    usable = Intervention.objects.approved().filter(slug__in=spec.arms.values())
    against = {one.slug: conditions & set(one.contraindications) for one in usable}
    return sorted(arm for arm, slug in spec.arms.items() if against.get(slug, {"retired"}))


def _next_messages(person: Enrollment, spec: RuleSpec, hour: int) -> dict[str, list[str]]:
    """By arm, keys of the approved messages that fit the time of day and that were seen least recently."""
    part = "morning" if hour < NOON else "afternoon" if hour < EVENING else "evening"
    seen = Q(deliveries__enrollment=person, deliveries__state=Delivery.State.SENT)
    words = Message.objects.filter(
        intervention__slug__in=spec.arms.values(), approved_at__isnull=False, locale=LOCALE
    )
    rows = words.annotate(seen_at=Max("deliveries__sent_at", filter=seen)).select_related("intervention")
    newest = {row.slug: row for row in rows.order_by("slug", "version") if set(row.tags) <= {part}}
    found = {}
    for arm, intervention in sorted(spec.arms.items()):
        fitting = [row for row in newest.values() if row.intervention.slug == intervention]
        oldest = min((row.seen_at or NEVER for row in fitting), default=NEVER)
        found[arm] = [key(row) for row in fitting if (row.seen_at or NEVER) == oldest]
    return found


def key(message: Message) -> str:
    """The name of one version of one message."""
    return f"{message.slug}@{message.version}"


def message_of(name: str) -> Message:
    """The message that `key` names."""
    slug, version = name.rsplit("@", 1)
    return Message.objects.get(slug=slug, version=int(version), locale=LOCALE)
