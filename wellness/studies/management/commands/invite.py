"""manage.py invite: a code that brings somebody into a study."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from wellness.lib.clock import utc_now
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Site, Study
from wellness.studies.services import enroll, invite


class Command(BaseCommand):
    help = "Print a code, shown only now, for a participant, who is enrolled under the pseudonym if new."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="the study's slug")
        parser.add_argument("pseudonym", metavar="PSEUDONYM")
        parser.add_argument("--timezone", default="UTC", help="where somebody new lives")
        parser.add_argument("--site", metavar="SLUG", help="at which site somebody new takes part")
        parser.add_argument("--long", action="store_true", help="for a link or a QR code, not to be typed")

    def handle(self, *_: Any, study: str, pseudonym: str, **options: Any) -> None:
        """The code alone."""
        now = utc_now()
        try:
            place = Study.objects.get(slug=study)
            site = Site.objects.get(study=place, slug=options["site"]) if options["site"] else None
            person = Enrollment.objects.filter(study=place, code=pseudonym).first() or enroll(
                study=place, code=pseudonym, zone=options["timezone"], now=now, site=site
            )
        except (Study.DoesNotExist, Site.DoesNotExist):
            raise CommandError("There is no such study or site.") from None
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        self.stdout.write(invite(enrollment=person, now=now, short=not options["long"]))
