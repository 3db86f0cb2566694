"""manage.py audit_verify: exit 1 and name what is wrong with the record, the first bad place first."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from wellness.audit import proofs, rosters, verification, watch
from wellness.audit.instants import instant


class Command(BaseCommand):
    help = "Verify chains, checkpoints and triggers of the audit record; exit 1 and name the first bad place."

    def add_arguments(self, parser: CommandParser) -> None:
        """Part of the record, older keys, and proofs to hand out."""
        parser.add_argument("--since", type=instant, help="only what was sealed after this (UTC)")
        parser.add_argument("--trust", action="append", default=[], type=bytes.fromhex, metavar="HEX")
        parser.add_argument("--proof", metavar="CHAIN#SEQ", help="print the proof that an entry was sealed")
        parser.add_argument("--consistency", nargs=2, type=int, metavar="N", help="between two checkpoints")

    def handle(self, *_: Any, **options: Any) -> None:
        """One line: what was verified, or a proof as JSON; the places that are bad make it fail."""
        found = verification.verify_all(since=options["since"], trusted=options["trust"])
        bad = [*map(str, found.bad), *rosters.broken(), *watch.triggers()]
        if bad:
            raise CommandError("\n".join(bad))
        if options["proof"]:
            chain, _, seq = options["proof"].rpartition("#")
            self.stdout.write(json.dumps(proofs.inclusion(chain=chain, seq=int(seq))))
        elif options["consistency"]:
            self.stdout.write(json.dumps(proofs.consistency(*options["consistency"])))
        else:
            self.stdout.write(
                f"{found.n_entries} entries in {found.n_chains} chains: whole; "
                f"{found.n_sealed} of them under {found.n_checkpoints} checkpoints"
            )
