"""manage.py exposure: whose data could an actor, or anybody in a period, have seen?"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from wellness.audit.exposure import exposed
from wellness.audit.instants import instant
from wellness.lib.clock import utc_now


class Command(BaseCommand):
    help = "List the people whose data an actor (a user, phone or service by its id) opened or was shown."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, and when."""
        parser.add_argument("--actor", default="", help="public id of an account or phone; anybody without")
        parser.add_argument("--since", type=instant, required=True, help="date or time, UTC")
        parser.add_argument("--until", type=instant, default=None, help="date or time, UTC; now without")
        parser.add_argument("--json", action="store_true")

    def handle(self, *_: Any, **options: Any) -> None:
        """A line for each person: chain, how often, first and last time, acts."""
        until = options["until"] or utc_now()
        found = exposed(since=options["since"], until=until, actor=options["actor"])
        if options["json"]:
            people = [
                {
                    "chain": one.chain,
                    "n": one.n,
                    "first": one.first.isoformat(),
                    "last": one.last.isoformat(),
                    "acts": sorted(one.acts),
                }
                for one in found
            ]
            self.stdout.write(json.dumps({"n_people": len(found), "people": people}))
            return
        for one in found:
            times = f"{one.first:%Y-%m-%d %H:%M} to {one.last:%Y-%m-%d %H:%M}"
            self.stdout.write(f"{one.chain}  {one.n} times, {times}: {', '.join(sorted(one.acts))}")
        self.stdout.write(f"{len(found)} people")
