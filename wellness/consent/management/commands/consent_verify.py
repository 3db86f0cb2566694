"""manage.py consent_verify: exit 1 and name the first bad row of consent."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from wellness.consent.models import ConsentEvent
from wellness.consent.verification import verify


class Command(BaseCommand):
    help = (
        "Verify consent documents, events and the state rebuilt from them; exit 1 and name the first bad row."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        """One line: what was verified, or the first bad row."""
        bad = verify()
        if bad:
            raise CommandError(bad)
        self.stdout.write(
            f"{ConsentEvent.objects.count()} consent events: whole, and the state follows from them"
        )
