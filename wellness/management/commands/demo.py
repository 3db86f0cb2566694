"""manage.py demo: a synthetic cohort sent through the API, worked on, checked and served."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from wellness.accounts.factors import current_code
from wellness.demo import report
from wellness.demo.cohort import Plan, simulate
from wellness.demo.script import FACTOR_SEED, SLUG
from wellness.demo.server import served
from wellness.demo.tally import faults, tally
from wellness.demo.visitor import SignIn, visit
from wellness.lib.clock import utc_now
from wellness.studies.models import Study

EMBEDDED = ("DATABASE_URL", "CELERY_BROKER_URL", "STORAGES")


class Command(BaseCommand):
    help = "Makes a demo cohort, sends it through the real API, runs the loop and serves the site."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--participants", type=int, default=24)
        parser.add_argument("--days", type=int, default=60)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--port", type=int, default=8000, help="where the site is served afterwards")
        parser.add_argument(
            "--check",
            action="store_true",
            help="in a temporary folder; one JSON line, exit 1 on an empty stage",
        )
        parser.add_argument(
            "--run", metavar="COMMAND", help="in a temporary folder; run this against the demo"
        )
        parser.add_argument(
            "--code", action="store_true", help="the code that staff of a demo are asked for now"
        )
        parser.add_argument("--inside", action="store_true", help="do it here and serve nothing afterwards")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["code"]:
            self.stdout.write(current_code(FACTOR_SEED))
            return
        if options["participants"] < 1 or options["days"] < 1:
            raise CommandError("A demo has at least one participant and one day.")
        if (options["check"] or options["run"]) and not options["inside"]:
            sys.exit(_elsewhere(sys.argv[2:]))
        call_command("migrate", verbosity=0, interactive=False)
        if Study.objects.filter(slug=SLUG).exists():
            self.stdout.write(
                f"The demo study is there already, in {settings.VAR_DIR}; remove it for a new one."
            )
        else:
            self._make(options)
        if not options["inside"]:
            call_command("up", port=options["port"])

    def _make(self, options: dict[str, Any]) -> None:
        plan = Plan(options["participants"], options["days"], options["seed"], utc_now())
        quiet = options["check"]
        with served() as address:
            runs = simulate(plan, address, lambda done, of: None if quiet else self._progress(done, of))
            people = report.sign_ins(runs)
            counts = tally(runs, visit(address, people))
            if options["run"]:
                self._run(options["run"], address, people)
        wrong = faults(counts)
        if quiet:
            self.stdout.write(json.dumps(counts | {"faults": wrong}))
        else:
            served_on = f"127.0.0.1:{options['port']}"
            self.stdout.write(f"\n\n{report.table(counts)}\n\n{report.doors(people, served_on)}\n")
        if wrong:
            raise CommandError("; ".join(wrong))

    def _progress(self, done: int, total: int) -> None:
        self.stdout.write(report.bar(done, total), ending="")
        self.stdout.flush()

    def _run(self, command: str, address: str, people: list[SignIn]) -> None:
        """Run a command with the demo's address and sign-ins in the file that DEMO names."""
        facts = settings.VAR_DIR / "demo.json"
        doors = [
            {
                "role": one.role,
                "email": one.email,
                "password": one.password,
                "seed": one.seed,
                "pages": one.pages,
            }
            for one in people
        ]
        facts.write_text(json.dumps({"base": f"http://{address}", "people": doors}))
        done = subprocess.run(  # nosec B603 # noqa: S603  the words of whoever called us
            shlex.split(command), env=os.environ | {"DEMO": str(facts)}, cwd=settings.BASE_DIR, check=False
        )
        if done.returncode:
            raise CommandError(f"{command} ended with code {done.returncode}")


def _elsewhere(arguments: list[str]) -> int:
    """The exit code of the same command in a temporary folder of its own, which is then removed."""
    with tempfile.TemporaryDirectory(prefix="wellness-demo-") as folder:
        inherited = {name: value for name, value in os.environ.items() if name not in EMBEDDED}
        settings_of_its_own = {"VAR_DIR": folder, "DOTENV": os.devnull, "CELERY_BROKER_URL": "memory://"}
        manage = str(Path(settings.BASE_DIR) / "manage.py")
        done = subprocess.run(  # nosec B603 # noqa: S603  this very program
            [sys.executable, manage, "demo", *arguments, "--inside"],
            env=inherited | settings_of_its_own,
            check=False,
        )
        return done.returncode
