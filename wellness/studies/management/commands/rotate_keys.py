"""manage.py rotate_keys: a new key epoch, everyone's key under it, unused epochs destroyed in time."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from wellness.lib.clock import utc_now
from wellness.studies.rotation import rotate


class Command(BaseCommand):
    help = "Begin a key epoch, move everyone's key to it, destroy the epochs that no key used for the window."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--window-days",
            type=float,
            default=settings.KEY_WINDOW.total_seconds() / 86_400,
            help="days for which an epoch that no key uses stays, so that a backup can be restored",
        )
        parser.add_argument("--due", action="store_true", help="begin an epoch only when one is due")

    def handle(self, *_: Any, window_days: float, due: bool, **__: Any) -> None:
        """One line: what was done; exit 1 when a key did not open."""
        done = rotate(now=utc_now(), window=timedelta(days=window_days), only_if_due=due)
        gone = ", ".join(map(str, done.destroyed)) or "none"
        self.stdout.write(f"epoch {done.epoch}: {done.n_rewrapped} keys moved to it, destroyed: {gone}")
        if done.n_broken:
            raise CommandError(f"{done.n_broken} keys do not open; their epochs stay")
