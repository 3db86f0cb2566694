"""manage.py import_data: another system's export through the same intake as an upload."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from wellness.gateways import joining
from wellness.gateways.aware import PLATFORMS
from wellness.gateways.converted import NotImportable
from wellness.gateways.exports import FORMATS, export
from wellness.gateways.importing import Extent, Ledger, extent, send
from wellness.lib.clock import utc_now
from wellness.lib.refusal import Refusal
from wellness.lib.sealing import subkey


class Command(BaseCommand):
    help = "Imports one person's export of AWARE or Beiwe and prints what became of every row."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("format", choices=FORMATS)
        parser.add_argument("path", type=Path, help="a CSV, SQLite database, folder or zip")
        parser.add_argument("--study", required=True, help="slug of the study")
        parser.add_argument("--participant", required=True, help="code of the participant")
        parser.add_argument("--timezone", required=True, help="where the data were recorded: Europe/Helsinki")
        parser.add_argument(
            "--stream", default="", help="the AWARE table, where the file's name does not tell"
        )
        parser.add_argument("--platform", choices=PLATFORMS, default=PLATFORMS[0], help="of AWARE's codes")
        parser.add_argument(
            "--enroll", action="store_true", help="your own data: make the personal study and its consent"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._import(options)
        except (NotImportable, Refusal) as error:
            raise CommandError(str(error)) from error

    def _import(self, options: dict[str, Any]) -> None:
        now = utc_now()
        study, code, zone = options["study"], options["participant"], options["timezone"]
        person = None if options["enroll"] else joining.participant(study, code)
        key = subkey(settings.INDEX_KEY.encode(), f"import|{study}|{code}")
        opened = export(
            options["format"], options["path"], key, stream=options["stream"], platform=options["platform"]
        )
        found = extent(opened, now)
        _require_one_person(found)
        person = person or joining.join(study, code, zone, found, now)
        joining.live_in(person, zone, found)
        self._print(send(opened, person, found.streams, now))

    def _print(self, ledger: Ledger) -> None:
        """One line for each stream, then what no stream was made of."""
        for stream in sorted(ledger.sent):
            self.stdout.write(_line(ledger, stream))
        for reason, n in sorted((+ledger.left_out).items()):
            self.stdout.write(f"left out: {n} rows, {reason}")
        for column in sorted(ledger.unknown_columns):
            self.stdout.write(f"unknown column, not read: {column}")
        if ledger.n_known:
            self.stdout.write(f"known already: {ledger.n_known} of {ledger.n_uploads} uploads")


def _line(ledger: Ledger, stream: str) -> str:
    sent, stored, refused = ledger.sent[stream], ledger.stored[stream], ledger.refused[stream]
    why = ", ".join(f"{code} {n}" for code, n in sorted(refused.items()))
    line = f"{stream}: sent {sent} = stored {stored} + refused {refused.total()}"
    return f"{line} ({why})" if why else line


def _require_one_person(found: Extent) -> None:
    if not found.streams:
        raise NotImportable("The export has no row with a possible time that a stream is made of.")
    if len(found.people) > 1:
        raise NotImportable(f"The export holds {len(found.people)} people; import them one at a time.")
