"""manage.py bench: figures of an area, beside what one would otherwise use (docs/benchmarks.md)."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from wellness.bench.areas import AREAS
from wellness.bench.found import FULL, QUICK
from wellness.bench.machine import machine, versions
from wellness.bench.place import place


class Command(BaseCommand):
    help = "Measures an area in a folder and a database of its own, which are gone when it ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("area", choices=sorted(AREAS), nargs="?", help="all areas without it")
        parser.add_argument("--json", action="store_true", help="one JSON line an area")
        parser.add_argument("--database", metavar="URL", help="any database of the PostgreSQL server to use")
        parser.add_argument("--quick", action="store_true", help="a few rows: whether it works, not how fast")
        parser.add_argument(
            "--inside", action="store_true", help="do it here, in the site of this environment"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for area in [options["area"]] if options["area"] else sorted(AREAS):
            report = self._inside(area, options) if options["inside"] else _elsewhere(area, options)
            self.stdout.write(json.dumps(report) if options["json"] else _table(report))

    def _inside(self, area: str, options: dict[str, Any]) -> dict[str, Any]:
        call_command("migrate", verbosity=0, interactive=False)
        found = AREAS[area](QUICK if options["quick"] else FULL)
        figures = {name: _rounded(value) for name, value in found.figures.items()}
        facts = {"area": area, "machine": machine(), "versions": versions(), "figures": figures}
        return facts | ({"notes": found.notes} if found.notes else {})


def _elsewhere(area: str, options: dict[str, Any]) -> dict[str, Any]:
    """The report of the same command in a place of its own."""
    manage = str(Path(settings.BASE_DIR) / "manage.py")
    command = [sys.executable, manage, "bench", area, "--json", "--inside"]
    command += ["--quick"] if options["quick"] else []
    try:
        with place(options["database"]) as environ:
            done = subprocess.run(  # nosec B603 # noqa: S603  this very program
                command, env=environ, stdout=subprocess.PIPE, text=True, check=False
            )
    except psycopg.OperationalError as error:
        raise CommandError(str(error)) from None
    if done.returncode:
        raise CommandError(f"The benchmark {area} did not finish.")
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def _rounded(value: float | None) -> float | None:
    """Four significant digits; None for what is not known."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.4g}")


def _table(report: dict[str, Any]) -> str:
    about = ", ".join(f"{name} {value}" for name, value in report["machine"].items())
    lines = [f"{report['area']} ({about})"]
    for name, value in report["figures"].items():
        shown = f"{value:,.6g}" if value is not None else f"-  {report.get('notes', {}).get(name, '')}"
        lines.append(f"  {name:<26}{shown:>16}")
    return "\n".join(lines)
