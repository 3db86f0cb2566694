"""A whole cohort's simulated weeks, spread over the machine's cores; each person runs anywhere."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from phenotyping.simulation.person import make_cohort
from phenotyping.twins.cohort import refit_priors
from wellness.demo import living
from wellness.demo.founding import Joined, found, start_coaching
from wellness.demo.living import Run
from wellness.demo.script import SLUG
from wellness.demo.worker import ready
from wellness.lib.clock import to_us
from wellness.studies.models import Study

FORTNIGHT = 14  # days lived between two nights of learning
BASELINE_STEP = 7
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Plan:
    """How large a demo is; the same seed gives the same people and days."""

    n_people: int
    n_days: int
    seed: int
    now: datetime

    @property
    def first_on(self) -> date:
        """The first simulated date, the same for everyone; the last one is today."""
        return self.now.date() - timedelta(days=self.n_days - 1)

    @property
    def n_baseline(self) -> int:
        """Days before coaching begins: the first two thirds."""
        return self.n_days * 2 // 3

    def spans(self) -> Iterator[list[date]]:
        """The dates in fortnights, none of which is partly baseline."""
        dates = [self.first_on + timedelta(days=k) for k in range(self.n_days)]
        for part in (dates[: self.n_baseline], dates[self.n_baseline :]):
            yield from (part[k : k + FORTNIGHT] for k in range(0, len(part), FORTNIGHT))

    def steps(self, span: Sequence[date]) -> list[date]:
        """The dates on which phones send: daily while coached, weekly in the baseline."""
        is_baseline = (span[0] - self.first_on).days < self.n_baseline
        return [on for k, on in enumerate(reversed(span)) if not is_baseline or k % BASELINE_STEP == 0][::-1]


def simulate(plan: Plan, address: str, progress: Progress) -> list[Run]:
    """The cohort's runs after all days were lived and worked on; `progress(done, of)` in person-days."""
    people = make_cohort(plan.n_people, plan.seed)
    earliest = min(living.begins(plan.first_on, person.zone) for person in people)
    joined = found(people, starts_at=earliest, now=plan.now)
    runs = [_started(one, plan, address) for one in joined]
    done, total = 0, plan.n_people * plan.n_days
    with _pool() as pool:
        for span in plan.spans():
            if span[0] == plan.first_on + timedelta(days=plan.n_baseline):
                start_coaching(now=min(living.begins(span[0], person.zone) for person in people))
            lived = []
            for run in _finished([pool.submit(_live_span, run, plan, span) for run in runs]):
                lived.append(run)
                done += len(span)
                progress(done, total)
            runs = _learned(pool, lived, min(_span_ends(run, plan, span) for run in lived))
        finished = list(_finished([pool.submit(_finish, run, plan) for run in runs]))
    return sorted(finished, key=lambda run: run.person.code)


def _started(joined: Joined, plan: Plan, address: str) -> Run:
    return living.started(joined, address, living.begins(plan.first_on, joined.person.zone), plan.now)


def _live_span(run: Run, plan: Plan, span: Sequence[date]) -> Run:
    ends = living.step_ends(run.person.zone, plan.steps(span), plan.now)
    return living.live_through(run, plan.first_on, ends) if ends else run


def _span_ends(run: Run, plan: Plan, span: Sequence[date]) -> datetime:
    return min(plan.now, living.begins(span[-1] + timedelta(days=1), run.person.zone))


def _learned(pool: ProcessPoolExecutor, runs: Sequence[Run], now: datetime) -> list[Run]:
    """The runs after the night's learning: the cohort's priors first, then every twin."""
    refit_priors(study=Study.objects.get(slug=SLUG), now=now)
    return [future.result() for future in [pool.submit(living.learn, run, now) for run in runs]]


def _finish(run: Run, plan: Plan) -> Run:
    """The rest of today up to now, and all work that is then due."""
    if run.sent_until_us < to_us(plan.now):
        today = plan.now.astimezone(ZoneInfo(run.person.zone)).date()
        living.send_rest(run, plan.first_on, today, plan.now)
    return living.settle(run, plan.now)


def _finished(futures: Sequence[Future[Run]]) -> Iterator[Run]:
    for future in as_completed(futures):
        yield future.result()


@contextmanager
def _pool() -> Iterator[ProcessPoolExecutor]:
    """As many processes as cores, each with a connection of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=context, initializer=ready) as pool:
        yield pool
