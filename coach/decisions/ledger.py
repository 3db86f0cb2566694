"""The ledger's form: which columns a conclusion determines, how its parts are sealed, which key draws."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.conf import settings

from coach.decisions.conclude import Conclusion
from coach.delivery.guards import public
from wellness.lib.sealing import subkey
from wellness.studies.models import Study


def draw_key(study: Study) -> bytes:
    """The study's own key of randomisation."""
    return subkey(settings.DRAW_KEY.encode(), f"draw|{study.public_id}")


def ledger_fields(conclusion: Conclusion) -> dict[str, Any]:
    """The columns of the ledger that a conclusion determines; replay compares exactly these."""
    plain = asdict(conclusion)
    for elsewhere in ("trace", "message"):
        del plain[elsewhere]
    return plain | {
        "reasons": [public(code) for code in conclusion.reasons],
        "probabilities": [list(pair) for pair in conclusion.probabilities],
    }


def sealed_as(decision_id: UUID, part: str) -> str:
    """What a sealed part of a decision is bound to."""
    return f"decision|{decision_id}|{part}"
