"""`make chaos`: the scenarios in full, a line of JSON each; exit code 1 when anything differs.

`ARGS="--only kills-sqlite --uploads 500 --seconds 60"` runs less; `--keep` leaves the folder to look at.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.comparison import Facts, differences
from tests.chaos.faults import Fault, Schedule, absence, crash, flush, kills
from tests.chaos.phone import Phones, Sending, sendings
from tests.chaos.scenario import figures, found, undisturbed
from tests.chaos.services import PostgreSQL, Redis
from tests.chaos.stage import Site, Stage, sqlite

PEOPLE = ["ada", "bo", "cleo", "dag"]


@dataclass(frozen=True)
class Run:
    """What all scenarios share: the arguments, the uploads and what an undisturbed site made of them."""

    arguments: argparse.Namespace
    sent: Sequence[Sending]
    calm: Facts

    def scenario(self, name: str) -> list[str]:
        """What differs in the scenario of that name; its line is printed."""
        with _folder(name, keep=self.arguments.keep) as folder:
            said = SCENARIOS[name](folder, self)
        wrong: list[str] = said.pop("differences")
        line = {
            "scenario": name,
            "ok": not wrong,
            **said,
            "n_differences": len(wrong),
            "differences": wrong[:20],
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        return wrong

    def kills(self, stage: Stage) -> list[Fault]:
        """As many as fit into the time, one every `--gap` seconds on average."""
        return kills(stage, int(self.arguments.seconds / self.arguments.gap), self.arguments.seed)

    def on(self, site: Site, faults: Callable[[Stage], list[Fault]], *, n_celery: int) -> dict[str, Any]:
        """The figures and differences of one scenario."""
        seed, seconds = self.arguments.seed, self.arguments.seconds
        tokens = found(site, PEOPLE)
        with Stage(site, n_celery=n_celery) as stage:
            strikes, phones = faults(stage), Phones(stage.port, tokens, seed, patience_s=1_200)
            with Schedule(strikes, seed=seed, gap_s=seconds / (len(strikes) + 1)):
                took_s = phones.send(self.sent, seconds=seconds)
            settled = site.ask("settle", within_s=site.lease_s + 240)
            said = {
                "faults": dict(stage.killed),
                "unexpected": dict(stage.unexpected),
                "took_s": round(took_s, 1),
            }
        facts = site.ask("facts")
        wrong = differences(self.sent, phones.ledger, facts, self.calm)
        wrong += [f"still due: {kind}, {n}" for kind, n in settled["left"].items()]
        wrong += [f"claimed past its lease: {row}" for row in settled["overdue"]]
        return (
            said | {"settle_s": settled["seconds"]} | figures(phones.ledger, facts) | {"differences": wrong}
        )


def _kills_sqlite(folder: Path, run: Run) -> dict[str, Any]:
    """Every piece killed at random; SQLite and the folder as broker."""
    return run.on(Site(folder / "site", sqlite(folder / "site")), run.kills, n_celery=1)


def _kills_postgresql(folder: Path, run: Run) -> dict[str, Any]:
    """Every piece killed at random; PostgreSQL and Redis."""
    with _servers(folder) as (database, broker):
        return run.on(Site(folder / "site", database.url("chaos"), broker.url), run.kills, n_celery=2)


def _broker(folder: Path, run: Run) -> dict[str, Any]:
    """The broker emptied, then gone for a minute, then emptied again."""
    with _servers(folder) as (database, broker):

        def outages(stage: Stage) -> list[Fault]:
            return [flush(stage, broker), absence(stage, broker, 60), flush(stage, broker)]

        return run.on(Site(folder / "site", database.url("chaos"), broker.url), outages, n_celery=2)


def _database(folder: Path, run: Run) -> dict[str, Any]:
    """PostgreSQL stopped at once and started again, three times."""
    with _servers(folder) as (database, broker):

        def crashes(stage: Stage) -> list[Fault]:
            return [crash(stage, database)] * 3

        return run.on(Site(folder / "site", database.url("chaos"), broker.url), crashes, n_celery=2)


SCENARIOS = {
    "kills-sqlite": _kills_sqlite,
    "kills-postgresql": _kills_postgresql,
    "broker": _broker,
    "database": _database,
}


@contextmanager
def _servers(folder: Path) -> Iterator[tuple[PostgreSQL, Redis]]:
    """A PostgreSQL and a Redis of our own."""
    database, broker = PostgreSQL(folder / "postgresql"), Redis(folder / "redis")
    try:
        yield database, broker
    finally:
        broker.stop()
        database.stop()


@contextmanager
def _folder(name: str, *, keep: bool) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"chaos-{name}-"))
    folder.chmod(0o755)  # the user postgres goes through it
    try:
        yield folder
    finally:
        if keep:
            sys.stderr.write(f"kept: {folder}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--only", choices=SCENARIOS, action="append")
    parser.add_argument("--uploads", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=180, help="over which the uploads are spread")
    parser.add_argument("--gap", type=float, default=5, help="seconds between kills on average")
    parser.add_argument("--at-once", type=int, default=1, help="scenarios that run beside each other")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the folders to look at")
    return parser.parse_args()


def main() -> int:
    """0 when no scenario found a difference."""
    arguments, failed = _arguments(), 0
    sent = sendings(arguments.seed, arguments.uploads, PEOPLE)
    with _folder("calm", keep=arguments.keep) as folder:
        calm = undisturbed(Site(folder / "site", sqlite(folder / "site")), sent, PEOPLE)
    run = Run(arguments, sent, calm)
    with ThreadPoolExecutor(arguments.at_once) as pool:
        for wrong in pool.map(run.scenario, arguments.only or SCENARIOS):
            failed += bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
