"""manage.py replay_decisions: make every decision again and report what differs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from coach.decisions.models import Decision
from coach.decisions.replay import replay
from wellness.studies.keys import KeyDestroyed


class Command(BaseCommand):
    help = "Recompute every decision from its stored inputs; exit 1 and name those that differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--study", help="only this study (slug)")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Decision.objects.select_related("enrollment__study", "rule", "delivery__message").order_by(
            "pk"
        )
        if options["study"]:
            rows = rows.filter(enrollment__study__slug=options["study"])
        n_same, n_forgotten, n_differ = 0, 0, 0
        for decision in rows.iterator(500):
            try:
                differs = replay(decision)
            except KeyDestroyed:
                n_forgotten += 1
                continue
            n_same += not differs
            n_differ += bool(differs)
            if differs:
                self.stdout.write(f"{decision.public_id}: {', '.join(differs)}")
        self.stdout.write(
            f"{n_same} decisions replayed alike, {n_differ} differ, {n_forgotten} of erased people"
        )
        if n_differ:
            raise CommandError(f"{n_differ} decisions differ from their replay")
