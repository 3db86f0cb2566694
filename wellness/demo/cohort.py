"""A whole cohort's simulated weeks, spread over the machine's cores; each person runs anywhere."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import django

from phenotyping.simulation.person import make_cohort
from phenotyping.twins.cohort import refit_priors
from wellness.demo import living
from wellness.demo.founding import Joined, found
from wellness.demo.living import Run
from wellness.demo.script import SLUG
from wellness.lib.clock import to_us
from wellness.studies.models import Study

FORTNIGHT = 14  # days lived between two nights of learning
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


def simulate(plan: Plan, address: str, progress: Progress) -> list[Run]:
    """The cohort's runs after all days were lived and worked on; `progress(done, of)` in person-days."""
    people = make_cohort(plan.n_people, plan.seed)
    earliest = min(living.begins(plan.first_on, person.zone) for person in people)
    joined = found(people, starts_at=earliest, now=plan.now)
    runs = [_started(one, plan, address) for one in joined]
    dates = [plan.first_on + timedelta(days=k) for k in range(plan.n_days)]
    done, total = 0, plan.n_people * plan.n_days
    with _pool() as pool:
        for span in (dates[k : k + FORTNIGHT] for k in range(0, plan.n_days, FORTNIGHT)):
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
    ends = living.step_ends(run.person.zone, span, plan.now)
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
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=context, initializer=django.setup) as pool:
        yield pool
