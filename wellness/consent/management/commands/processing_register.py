"""manage.py processing_register STUDY: the record of processing as JSON."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from wellness.consent.register import processing_register
from wellness.studies.models import Study


class Command(BaseCommand):
    help = "The record of processing of a study (GDPR 30), made from its documents in force, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        """The study's slug."""
        parser.add_argument("study")

    def handle(self, *_: Any, study: str, **__: Any) -> None:
        """One JSON document; CommandError names a study that does not exist."""
        found = Study.objects.filter(slug=study).first()
        if found is None:
            raise CommandError(f"There is no study named {study}.")
        register = [asdict(one) for one in processing_register(found)]
        self.stdout.write(json.dumps({"study": found.name, "processing": register}, indent=1))
