"""manage.py audit_verify: exit 1 and name the first bad entry of the record."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from wellness.audit.models import AuditEntry, AuditHead
from wellness.audit.services import verify


class Command(BaseCommand):
    help = "Verify every chain of the audit record; exit 1 and name the first bad entry."

    def handle(self, *_: Any, **__: Any) -> None:
        """One line: what was verified, or the first bad entry."""
        bad = verify()
        if bad:
            raise CommandError(str(bad))
        n_entries, n_chains = AuditEntry.objects.count(), AuditHead.objects.count()
        self.stdout.write(f"{n_entries} entries in {n_chains} chains: whole")
