"""manage.py ledger_verify: prove that every row a receipt promised is kept, or name what is not."""

import json
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from phenotyping.intake import orphans, quarantine
from phenotyping.intake.models import Chunk
from phenotyping.intake.verification import Account, verify_person
from wellness.lib.clock import utc_now
from wellness.lib.refusal import Refusal
from wellness.studies.models import GONE, Enrollment

NAMED = 100  # faults that are named; all are counted


class Command(BaseCommand):
    help = (
        "Verify that stored rows are live, counted copies or in quarantine, that uploads agree with their "
        "receipts and that every chunk opens; exit 1 and name what does not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--study", help="only this study (slug)")
        parser.add_argument("--participant", help="only the participant of this code")
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument("--release", action="store_true", help="first free chunks that open again")

    def handle(self, *_: Any, **options: Any) -> None:
        """The account of everyone asked for."""
        people = Enrollment.objects.select_related("study").order_by("pk")
        if options["study"]:
            people = people.filter(study__slug=options["study"])
        if options["participant"]:
            people = people.filter(code=options["participant"])
        everyone = not (options["study"] or options["participant"])
        total, n_faults = Account(), 0
        try:
            for person in people.iterator():
                if options["release"]:
                    total.counts["released"] += _release(person)
                account = verify_person(person)
                total.counts.update(account.counts)
                n_faults += len(account.faults)
                total.faults += islice(account.faults, NAMED - len(total.faults))
            if everyone:
                total.counts["orphans"] = sum(1 for _ in orphans.orphans())
        except Refusal as error:  # the storage or the keys are away
            raise CommandError(f"{error.message} Nothing was proved.") from error
        if not total.counts["people"]:
            raise CommandError("There is no such participant.")
        self.stdout.write(_as_json(total, n_faults) if options["json"] else _in_words(total))
        if n_faults:
            raise CommandError(f"{n_faults} faults, first: {total.faults[0]}")


def _release(person: Enrollment) -> int:
    """How many of a person's chunks left quarantine; of who left for good none does."""
    if person.phase in GONE:
        return 0
    held = Chunk.objects.in_quarantine().filter(enrollment=person).order_by("pk")
    return sum(quarantine.release(person, chunk, utc_now()) for chunk in held.iterator(1))


def _as_json(total: Account, n_faults: int) -> str:
    faults = [vars(one) for one in total.faults]
    return json.dumps({"ok": not n_faults, "n_faults": n_faults, **_counts(total), "faults": faults})


def _in_words(total: Account) -> str:
    n = _counts(total)
    lines = [str(one) for one in total.faults]
    lines.append(
        f"{n['people']} people ({n['forgotten']} forgotten), {n['uploads']} uploads, {n['chunks']} chunks: "
        f"{n['stored']} rows stored, {n['live']} live, {n['duplicates']} copies, "
        f"{n['quarantined']} in quarantine; {n['orphans']} objects without a row, {n['released']} released"
    )
    return "\n".join(lines)


def _counts(total: Account) -> dict[str, int]:
    rows = ("stored", "live", "duplicates", "quarantined")
    names = ("people", "forgotten", "uploads", "chunks", *rows, "orphans", "released")
    return {name: total.counts[name] for name in names}
