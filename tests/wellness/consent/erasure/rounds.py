"""Rounds in which a person is erased while everything else is done to them at the same time.

`python -m tests.wellness.consent.erasure.rounds N [PORT]` in a migrated place prints what was left, as JSON.
With the port of its web server uploads and withdrawals are requests to it; else all goes by the services.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import django

django.setup()

from django.db import connections  # noqa: E402

from coach.decisions.services import plan  # noqa: E402
from coach.safety.models import Alert, Hold  # noqa: E402
from coach.safety.services import hold, raise_alert  # noqa: E402
from phenotyping.surveys.instruments import load_instruments  # noqa: E402
from phenotyping.surveys.models import Instrument  # noqa: E402
from phenotyping.surveys.prompts import plan_prompts  # noqa: E402
from phenotyping.surveys.services import answer  # noqa: E402
from tests import factories  # noqa: E402
from tests.factories.coaching import ALWAYS, points, rule  # noqa: E402
from tests.factories.phone import battery, local, walk  # noqa: E402
from tests.wellness.consent.erasure.ways import Services, Way, Wire  # noqa: E402
from wellness.consent.erasure import registry  # noqa: E402
from wellness.consent.erasure.job import KIND  # noqa: E402
from wellness.consent.models import ErasureRequest  # noqa: E402
from wellness.consent.modes import ERASE  # noqa: E402
from wellness.consent.services import grant  # noqa: E402
from wellness.studies.models import Device, Enrollment, Protocol, Study  # noqa: E402
from wellness.studies.services import invite, publish_protocol  # noqa: E402
from wellness.work.kinds import drain  # noqa: E402

PURPOSES = ("collect", "store", "feature", "model.personal", "model.population", "intervene")
STREAMS = ("battery", "steps", "screen", "activity", "device_health", "survey")
SCOPES = [(purpose, stream) for purpose in PURPOSES for stream in STREAMS]
WORK = ("day", "twin", "gather", "decision", "delivery", "outcome")
happened: Counter[str] = Counter()


def main(n_rounds: int, way: Way) -> None:
    """Run the rounds and print what was left after them."""
    study = factories.study(way.name)
    factories.consent_document(study, scopes=[(*scope, False) for scope in SCOPES])
    load_instruments()
    rule(study, **ALWAYS)
    asked = [{"slug": "check-in", "opens": "08:00", "closes": "22:00"}]
    body = {"streams": list(STREAMS[:5]), "instruments": asked}
    protocol = publish_protocol(study=study, body=body, now=way.now())
    chance = random.Random(20260107)  # noqa: S311  a test's own dice
    left: Counter[str] = Counter()
    for n in range(n_rounds):
        left.update(one_round(study, protocol, n, chance, way))
    print(json.dumps({"rounds": n_rounds, "left": dict(left), "happened": dict(happened)}))  # noqa: T201


def one_round(study: Study, protocol: Protocol, n: int, chance: random.Random, way: Way) -> dict[str, int]:
    """What was left of one person."""
    person = factories.enrollment(study, f"{way.name}{n}")
    document = study.consent_documents.get()
    grant(
        enrollment=person,
        document=document,
        scopes=SCOPES,
        now=factories.JOINED_AT,
        covers_from=factories.COVERED_FROM,
    )
    phone = way.phone(person)
    send(phone, way)
    points(person, way.day)
    together(
        lambda: [send(phone, way) for _ in range(3)],
        lambda: leave(phone, chance.uniform(0, 0.25), way),
        lambda: drain(way.now(), *WORK),
        lambda: touch(person, protocol, phone, way.now()),
    )
    for _ in range(3):
        drain(way.now() + timedelta(hours=1), *WORK, KIND)
    left = {one.name: one.left(person) for one in registry.steps(ERASE) if one.left}
    left["unfinished"] = ErasureRequest.objects.filter(enrollment=person, finished_at=None).count()
    return {name: n for name, n in left.items() if n}


def send(phone: Device, way: Way) -> None:
    """One upload of several streams, each chunk an object."""
    start = local(way.day, "08:00")
    stored = way.send(phone, battery=battery(start, start + timedelta(hours=12)), steps=walk(start, 30))
    happened["rows stored" if stored else "rows refused"] += 1


def leave(phone: Device, after_s: float, way: Way) -> None:
    """Withdraw at some moment, and erase at once."""
    time.sleep(after_s)
    way.leave(phone)
    happened["left"] += 1
    drain(way.now(), KIND)


def touch(person: Enrollment, protocol: Protocol, phone: Device, now: datetime) -> None:
    """All else that writes of a person."""
    sheet = Instrument.objects.get(slug="check-in")
    acts: list[Callable[[], object]] = [
        lambda: plan_prompts(enrollment=person, protocol=protocol, now=now),
        lambda: plan(now=now, only=person),
        lambda: answer(
            enrollment=person,
            instrument=sheet,
            public_id=uuid4(),
            values={"mood": 3},
            recorded_at=now,
            now=now,
            device=phone,
        ),
        lambda: raise_alert(
            enrollment=person, rule="silence", severity=Alert.Severity.LOW, source="x", now=now
        ),
        lambda: hold(enrollment=person, kind=Hold.Kind.PARTICIPANT, now=now),
        lambda: invite(enrollment=person, now=now),
    ]
    for act in acts:
        attempt(act)


def attempt(act: Callable[[], object]) -> None:
    """Do it, and count how it ended."""
    try:
        act()
    except Exception as error:
        code = getattr(error, "code", type(error).__name__)
        happened[str(code)] += 1
    else:
        happened["done"] += 1


def together(*acts: Callable[[], object]) -> None:
    """All of them at once, each with a connection of its own."""

    def alone(act: Callable[[], object]) -> None:
        ready.wait()
        attempt(act)
        connections.close_all()

    ready = threading.Barrier(len(acts))
    threads = [threading.Thread(target=alone, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(int(sys.argv[1]), Wire(int(sys.argv[2])) if len(sys.argv) > 2 else Services())
