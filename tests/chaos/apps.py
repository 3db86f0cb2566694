from datetime import timedelta

from django.apps import AppConfig
from django.conf import settings


class Hurry(AppConfig):
    """Shorter waiting times, so that a run sees leases end, fragments gathered and old chunks dropped."""

    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        from phenotyping.intake import orphans
        from phenotyping.intake.models import shelf
        from wellness.work import claims

        claims.LEASE = timedelta(seconds=settings.CHAOS_LEASE_S)
        shelf.QUIET = timedelta(seconds=settings.CHAOS_QUIET_S)
        orphans.STAYS = timedelta(seconds=settings.CHAOS_STAYS_S)
