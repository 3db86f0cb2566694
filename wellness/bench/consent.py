"""Consent: what asking the gate costs inside the transaction that writes, the person's lock included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from statistics import mean, median, quantiles
from time import perf_counter

from django.db import connection, transaction

from wellness.bench import people
from wellness.bench.found import Figures, Found, Sizes
from wellness.consent import gate
from wellness.consent.models import ConsentState
from wellness.consent.purposes import CONSENT_STREAMS, FEATURE, INTERVENE
from wellness.lib.clock import utc_now
from wellness.studies.models import Enrollment
from wellness.studies.services import enroll

READS = ("gps", "screen", "survey")  # what a rule of the coach reads
WARM_UP = 50
NO_POSTGRESQL = "no PostgreSQL answers; name one with --database"


def measure(sizes: Sizes) -> Found:
    """The figures of consent: one of many people, who agreed to every purpose for every stream."""
    person = people.found(1, since=utc_now() - timedelta(days=1))[0].enrollment
    _others(person, sizes.n_people)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

    def ask() -> None:
        gate.require(gate.lock(person), INTERVENE, READS, at=utc_now())

    def ask_widely() -> None:
        gate.require(gate.lock(person), FEATURE, CONSENT_STREAMS, at=utc_now())

    acts = {"gate": ask, "gate_wide": ask_widely, "bare_lock": lambda: _bare_lock(person)}
    took: dict[str, list[float]] = {name: [] for name in acts}
    for n in range(WARM_UP + sizes.n_asked):
        for name, act in acts.items():
            spent = _timed(act)
            if n >= WARM_UP:
                took[name].append(spent)
    figures: Figures = {f"{name}_ms": mean(times) * 1e3 for name, times in took.items()}
    figures |= {f"{name}_p50_ms": median(times) * 1e3 for name, times in took.items()}
    figures["gate_p99_ms"] = quantiles(took["gate"], n=100)[98] * 1e3
    figures["gate_over_lock"] = mean(took["gate"]) / mean(took["bare_lock"])
    if connection.vendor != "postgresql":
        return Found(dict.fromkeys(figures), dict.fromkeys(figures, NO_POSTGRESQL))
    return Found(figures)


def _others(person: Enrollment, n: int) -> None:
    """That many more people of the study, who hold what the person holds."""
    rows = list(ConsentState.objects.filter(enrollment=person))
    for at in range(n):
        other = enroll(study=person.study, code=f"Q{at:03}", zone=people.ZONE, now=person.created_at)
        for row in rows:
            row.pk, row._state.adding, row.enrollment = None, True, other
        ConsentState.objects.bulk_create(rows)


def _timed(act: Callable[[], None]) -> float:
    """Seconds of an act inside a transaction of its own: from its first statement, BEGIN, to its last."""
    with transaction.atomic():
        began = perf_counter()
        act()
        return perf_counter() - began


def _bare_lock(person: Enrollment) -> None:
    """The person's row locked, and nothing read of it: what no gate could go below."""
    table = Enrollment._meta.db_table
    how = "FOR NO KEY UPDATE" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {table} WHERE id = %s {how}", [person.pk])  # nosec B608 # noqa: S608
        cursor.fetchone()
