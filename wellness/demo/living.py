"""One synthetic person living through simulated days with a phone and a coach, in the order of time.

Each step ends at a decision point: the phone sends what it sensed since the last step, the server's own work
is done for that instant, and what the coach sends changes what the person does next.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from coach.decisions.services import plan
from phenotyping.simulation.answers import check_in, respond
from phenotyping.simulation.life import DayTruth, live
from phenotyping.simulation.person import Person
from phenotyping.simulation.phone import Nudge, record
from phenotyping.surveys.prompts import plan_prompts
from wellness.demo.founding import Joined
from wellness.demo.phone import Phone
from wellness.lib.clock import at_local, from_us, to_us
from wellness.studies.models import Enrollment, Protocol
from wellness.work.kinds import KINDS, run_one

SLOT = time(15, 30)
AFTER_WAKING_US = 90 * 60 * 1_000_000


@dataclass
class Run:
    """Where a person's simulated life stands; it travels between processes as plain data.

    Nothing happens after `ends_us`: what would, has not happened yet.
    """

    joined: Joined
    phone: Phone
    sent_until_us: int
    ends_us: int
    nudges: list[Nudge] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    work: Counter[str] = field(default_factory=Counter)

    @property
    def person(self) -> Person:
        return self.joined.person


def step_ends(zone: str, on: Sequence[date], until: datetime) -> list[datetime]:
    """The instants at which steps end: the slots of these dates, as far as they have come by now."""
    slots = [at_local(one, SLOT, zone) for one in on]
    return [slot for slot in slots if slot < until]


def live_through(run: Run, first_on: date, ends: Sequence[datetime]) -> Run:
    """The run after the steps that end at `ends`, whose first simulated day was `first_on`."""
    zone = run.person.zone
    last_on = ends[-1].date() + timedelta(days=2)
    days = live(run.person, first_on, (last_on - first_on).days)
    for end in ends:
        _step(run, days, zone, end)
    return run


def _step(run: Run, days: Sequence[DayTruth], zone: str, end: datetime) -> None:
    person = Enrollment.objects.select_related("study").get(pk=run.joined.enrollment_id)
    start_us, end_us = run.sent_until_us, to_us(end)
    today = person.zones().day(person.zones().local_date(end))
    plan(now=today.starts_at, only=person)
    protocol = Protocol.objects.filter(study=person.study).latest()
    for day in person.zones().days(from_us(start_us), end):
        plan_prompts(enrollment=person, protocol=protocol, now=day.starts_at)
    run.phone.upload(record(run.person, days, start_us, end_us, run.nudges), zone)
    run.sent_until_us = end_us
    _answer(run, days, start_us, end_us)
    for kind in ("outcome", "decision", "delivery"):
        work(run, kind, end)
    work(run, "day", end, ends_at__lte=today.starts_at)  # days that are over; today's is computed at the end
    _react(run, days)


def work(run: Run, kind: str, now: datetime, **only: Any) -> None:
    """Do this person's due rows of one kind, as a worker would at `now`."""
    rows = KINDS[kind].due(now).filter(enrollment=run.joined.enrollment_id, **only)
    for pk in list(rows.values_list("pk", flat=True)):
        run.work[kind] += run_one(kind, pk, now)


def _answer(run: Run, days: Sequence[DayTruth], start_us: int, end_us: int) -> None:
    for truth in days:
        recorded_us = truth.wake_us + AFTER_WAKING_US
        if start_us <= recorded_us < end_us and (values := check_in(run.person, truth)) is not None:
            run.phone.check_in(values, recorded_us)


def _react(run: Run, days: Sequence[DayTruth]) -> None:
    """Fetch new suggestions; follow and answer them as this person would."""
    for suggestion in run.phone.suggestions():
        if suggestion["id"] in run.seen:
            continue
        run.seen.add(suggestion["id"])
        at_us = to_us(datetime.fromisoformat(suggestion["sent_at"]))
        run.nudges.append(Nudge(at_us, suggestion["domain"]))
        truth = next(day for day in days if day.starts_us <= at_us < day.ends_us)
        reaction = respond(run.person, truth, at_us, len(run.seen))
        if reaction is not None and (answered_us := at_us + reaction[1] * 1_000_000) < run.ends_us:
            run.phone.respond(suggestion["id"], reaction[0], answered_us)


def started(joined: Joined, address: str, starts_at: datetime, ends_at: datetime) -> Run:
    """A person whose phone has just been registered, before their first simulated midnight."""
    phone = Phone(address)
    phone.register(joined.invitation, joined.person.platform)
    return Run(joined, phone, to_us(starts_at), to_us(ends_at))


def learn(run: Run, now: datetime) -> Run:
    """The run after the person's twin followed all days up to `now`."""
    work(run, "twin", now)
    return run


def send_rest(run: Run, first_on: date, last_on: date, now: datetime) -> None:
    """Send what the phone sensed since the last decision point, up to now."""
    days = live(run.person, first_on, (last_on - first_on).days + 3)
    run.phone.upload(record(run.person, days, run.sent_until_us, to_us(now), run.nudges), run.person.zone)
    _answer(run, days, run.sent_until_us, to_us(now))
    run.sent_until_us = to_us(now)


def settle(run: Run, now: datetime) -> Run:
    """The run after everything that is due at the end of the demo was done."""
    for kind in ("day", "outcome", "delivery", "twin"):
        work(run, kind, now)
    return run


def begins(on: date, zone: str) -> datetime:
    """The first instant of a person's local date."""
    return at_local(on, time(0), zone)
