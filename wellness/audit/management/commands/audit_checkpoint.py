"""manage.py audit_checkpoint: sign a checkpoint now; after a restore, begin again and say why."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from wellness.audit import checkpoints, sealer
from wellness.lib import signing
from wellness.lib.clock import utc_now


class Command(BaseCommand):
    help = "Sign a checkpoint over the audit record now."

    def add_arguments(self, parser: CommandParser) -> None:
        """How to go on when files and database no longer continue each other."""
        why = "begin again from what the database holds, for this reason; kept for ever in the checkpoint"
        parser.add_argument("--restart", metavar="REASON", help=why)

    def handle(self, *_: Any, **options: Any) -> None:
        """One line: the newest checkpoint and the public key to keep elsewhere."""
        try:
            if options["restart"]:
                sealer.restart(now=utc_now(), reason=options["restart"])
            sealer.seal(now=utc_now())
        except sealer.Disagreement as problem:
            raise CommandError(f"{problem}. After a restore: --restart REASON.") from None
        last = checkpoints.newest()
        if last is None:
            self.stdout.write("Nothing was ever recorded.")
            return
        public = signing.public_bytes(checkpoints.site_key()).hex()
        self.stdout.write(f"checkpoint {last.n}: {last.size} entries, root {last.root}, public key {public}")
