"""Erasures whose process is killed at each step, after its work and before it is recorded.

`python -m tests.wellness.consent.erasure.kills EVERY` in a migrated place kills at every EVERY-th step.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import timedelta

import django

django.setup()

from django.db import connections, models  # noqa: E402

from tests import factories  # noqa: E402
from tests.factories.life import AFTER, lived  # noqa: E402
from wellness.audit.services import verify as audit_verify  # noqa: E402
from wellness.consent.erasure import job, registry  # noqa: E402
from wellness.consent.models import ErasureRequest  # noqa: E402
from wellness.consent.modes import ERASE  # noqa: E402
from wellness.consent.services import withdraw  # noqa: E402
from wellness.consent.verification import verify as consent_verify  # noqa: E402
from wellness.studies.models import Enrollment, Study  # noqa: E402
from wellness.work.claims import LEASE  # noqa: E402
from wellness.work.kinds import run_one  # noqa: E402

LATER = AFTER + timedelta(minutes=1)


def main(every: int) -> None:
    """Kill, go on, and print what was left."""
    study = factories.study("kill")
    names = ["stock", *(one.name for one in registry.steps(ERASE)), "finish"][::every]
    left = {}
    for n, name in enumerate(names):
        person = withdrawn(study, n)
        killed(name, ErasureRequest.objects.get(enrollment=person).pk)
        request = ErasureRequest.objects.get(enrollment=person)
        assert request.finished_at is None and name not in request.done, (name, request.done)
        assert request.attempts == 1 and request.lease_until
        done = run_one(job.KIND, request.pk, LATER + 2 * LEASE)
        still = {one.name: one.left(person) for one in registry.steps(ERASE) if one.left}
        left[name] = [key for key, n in still.items() if n] + ([] if done else ["not done"])
    bad = [str(one) for one in (audit_verify(), consent_verify()) if one]
    print(json.dumps({"steps": names, "left": {k: v for k, v in left.items() if v}, "bad": bad}))  # noqa: T201


def withdrawn(study: Study, n: int) -> Enrollment:
    """Somebody of whom there is something of everything, and who asked to be erased."""
    person = factories.enrollment(study, f"kill{n}")
    factories.agree_to_everything(person)
    lived(person)
    withdraw(enrollment=person, now=LATER, mode=ERASE)
    return person


def killed(name: str, pk: int) -> None:
    """Run the job in a process that dies by SIGKILL when a step's work is done and not yet recorded."""
    connections.close_all()
    child = os.fork()
    if not child:
        _save = models.Model.save

        def save(self: models.Model, *args: object, **kwargs: object) -> None:
            at_finish = name == "finish" and getattr(self, "finished_at", None)
            if isinstance(self, ErasureRequest) and (name in self.done or at_finish):
                os.kill(os.getpid(), signal.SIGKILL)
            _save(self, *args, **kwargs)  # type: ignore[arg-type]

        models.Model.save = save  # type: ignore[method-assign,assignment]
        run_one(job.KIND, pk, LATER)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, (name, status)


if __name__ == "__main__":
    main(int(sys.argv[1]))
