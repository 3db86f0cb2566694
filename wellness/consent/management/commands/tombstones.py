"""manage.py tombstones: verify the log of withdrawals and pauses, or make it anew from the database."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from wellness.consent.tombstones import log, marking
from wellness.consent.tombstones.replaying import settle
from wellness.lib.clock import utc_now


class Command(BaseCommand):
    help = "Verify the log of withdrawals and pauses from its first line; exit 1 where it is not as written."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rebuild",
            action="store_true",
            help="the log is lost: put it aside and write what this database knows; never after a restore",
        )

    def handle(self, *_: Any, rebuild: bool, **__: Any) -> None:
        """One line: what was verified, replayed or written."""
        if rebuild:
            self._rebuild()
        try:
            lines, n = log.everything(), settle(utc_now())
        except log.LogBroken as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{len(lines)} lines in {log.path()}: whole; {n} were replayed")

    @transaction.atomic
    def _rebuild(self) -> None:
        aside = log.path().with_suffix(f".{utc_now():%Y%m%dT%H%M%S}")
        if log.path().exists():
            log.path().rename(aside)
        with log.held() as held:
            marking.rebuild(held)
