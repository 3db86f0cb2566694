"""Planning decision points: each slot of a rule on each local day, in the zone the person is in by then."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.db import transaction

from coach.decisions.models import DecisionPoint, DecisionRule
from coach.decisions.services.rule import rules_in_force
from coach.decisions.spec import RuleSpec, spec_of
from wellness.consent.purposes import Scope
from wellness.lib.clock import ZoneHistory, at_local
from wellness.studies.models import Enrollment, Phase

ALL_DAY = timedelta(days=1)
AT_ONCE = 500  # points that one transaction keeps: its people's phones wait for a moment only


def plan(*, now: datetime, only: Enrollment | None = None) -> int:
    """How many decision points of today and tomorrow are new, for everyone who takes part or one of them."""
    rules: dict[int, list[tuple[DecisionRule, RuleSpec]]] = {}
    fresh: list[DecisionPoint] = []
    people = Enrollment.objects.active().select_related("study").prefetch_related("zone_changes")
    for person in people.filter(pk=only.pk) if only else people:
        if person.study_id not in rules:
            rules[person.study_id] = [(rule, spec_of(rule.body)) for rule in rules_in_force(person.study)]
        fresh += _points(person, rules[person.study_id], now)
    known = _ahead(now)
    fresh = [one for one in fresh if (one.enrollment_id, one.rule_id, one.on, one.slot) not in known]
    return sum(_keep(fresh[at : at + AT_ONCE]) for at in range(0, len(fresh), AT_ONCE))


def _ahead(now: datetime) -> set[tuple[int, int, date, time]]:
    """The points that lie ahead already: nobody is locked for these, and phones wait for that lock."""
    ahead = DecisionPoint.objects.filter(closed_at=None, due_at__gte=now)
    return set(ahead.values_list("enrollment_id", "rule_id", "on", "slot"))


@transaction.atomic
def _keep(fresh: list[DecisionPoint]) -> int:
    """How many points are new, of those who still take part: nobody leaves while this is written."""
    people = Enrollment.objects.active().filter(pk__in={point.enrollment_id for point in fresh})
    here = set(people.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    planned = DecisionPoint.objects.filter(enrollment__in=here, on__in={point.on for point in fresh})
    n_before = planned.count()
    kept = [point for point in fresh if point.enrollment_id in here]
    DecisionPoint.objects.bulk_create(kept, ignore_conflicts=True)
    return planned.count() - n_before


def _points(
    person: Enrollment, rules: list[tuple[DecisionRule, RuleSpec]], now: datetime
) -> Iterator[DecisionPoint]:
    zones = person.zones()
    for day in zones.days(now, now + ALL_DAY):
        for rule, spec in rules:
            for slot in spec.slots:
                point = DecisionPoint(enrollment=person, rule=rule, on=day.on, slot=slot)
                _place(point, zones, spec)
                if point.due_at >= now:
                    yield point


def _place(point: DecisionPoint, zones: ZoneHistory, spec: RuleSpec) -> None:
    """Set when the point is due, by the wall clock that the person sees at that slot."""
    point.zone, point.due_at = _wall(zones, point.on, point.slot)
    point.run_after = point.due_at
    point.grace_until = point.due_at + timedelta(minutes=spec.grace_min)


def _wall(zones: ZoneHistory, on: date, slot: time) -> tuple[str, datetime]:
    """The zone and instant of a wall time: in the zone of the morning, or the one moved to before it."""
    zone = zones.at(zones.day(on).starts_at)
    zone = zones.at(at_local(on, slot, zone))
    return zone, at_local(on, slot, zone)


def cancel(enrollment: Enrollment, revoked: frozenset[Scope], now: datetime) -> None:
    """Take the open points of somebody away who takes no part any more."""
    if enrollment.phase != Phase.ACTIVE:
        DecisionPoint.objects.filter(enrollment=enrollment, closed_at=None).delete()


@transaction.atomic
def replan(*, enrollment: Enrollment) -> int:
    """How many open points moved, now that the person's zones are known better."""
    zones, n_moved = enrollment.zones(), 0
    open_points = DecisionPoint.objects.filter(enrollment=enrollment, closed_at=None)
    for point in open_points.select_for_update(of=("self",)).select_related("rule"):
        before = point.due_at
        _place(point, zones, spec_of(point.rule.body))
        if point.due_at != before:
            point.save(update_fields=["zone", "due_at", "run_after", "grace_until"])
            n_moved += 1
    return n_moved
