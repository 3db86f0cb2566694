"""manage.py consent_fhir: a person's consent as FHIR R4, handed out and taken over."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from wellness.audit.services import SERVICE
from wellness.gateways import joining
from wellness.gateways.converted import NotImportable
from wellness.gateways.fhir.reading import keys_in, read_bundle, take_over
from wellness.gateways.fhir.text import draft_text, same_text
from wellness.gateways.fhir.writing import export_consent
from wellness.lib.clock import utc_now
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment

MAX_BYTES = 8 * 2**20


class Command(BaseCommand):
    help = "Writes a person's consent as a FHIR R4 bundle, or takes over one that another installation wrote."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=("export", "import"))
        parser.add_argument("path", type=Path, help="the bundle, as JSON")
        parser.add_argument("--study", required=True, help="slug of the study")
        parser.add_argument("--participant", required=True, help="code of the participant")
        parser.add_argument(
            "--keys", type=Path, help="what the other one has at /.well-known/consent-keys.json"
        )
        parser.add_argument("--draft", action="store_true", help="draft the texts that are missing here")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            person = joining.participant(options["study"], options["participant"])
            if options["act"] == "export":
                self._export(person, options["path"])
            else:
                self._import(person, options)
        except (NotImportable, Refusal) as error:
            raise CommandError(str(error)) from error

    def _export(self, person: Enrollment, path: Path) -> None:
        bundle = export_consent(person, actor=SERVICE, now=utc_now())
        path.write_text(json.dumps(bundle, indent=1, ensure_ascii=False))
        n_consents = sum(entry["resource"]["resourceType"] == "Consent" for entry in bundle["entry"])
        self.stdout.write(f"{n_consents} consents of {person.code} in {path}")

    def _import(self, person: Enrollment, options: dict[str, Any]) -> None:
        if options["keys"] is None:
            raise CommandError("--keys: without the keys of the other installation nothing can be verified")
        now = utc_now()
        taken = read_bundle(_json(options["path"]), public=keys_in(_json(options["keys"])), now=now)
        if options["draft"]:
            missing = [one.text for one in taken if same_text(person.study, one.text) is None]
            for text in missing:
                draft_text(person.study, text)
            self.stdout.write(
                f"{len(missing)} texts drafted; import again once they are approved and published"
            )
            return
        events = take_over(person, taken, now=now)
        self.stdout.write(f"{len(events)} import events for {person.code}")


def _json(path: Path) -> Any:
    """What a file says, of a size that can be looked at."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CommandError(f"{path} is larger than {MAX_BYTES} bytes")
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None
