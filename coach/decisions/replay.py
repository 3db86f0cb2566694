"""Making a decision again from what the ledger stored; any difference is an incident."""

import json
from typing import Any

from coach.decisions.conclude import conclude
from coach.decisions.ledger import draw_key, ledger_fields, sealed_as
from coach.decisions.models import Decision
from coach.decisions.snapshot import key
from coach.decisions.spec import spec_of
from coach.delivery.guards import HOLD
from wellness.lib.canonical import canonical, digest
from wellness.studies import keys


def context_of(decision: Decision) -> dict[str, Any]:
    """The snapshot the decision rested on, unsealed."""
    return _opened(decision, "context", decision.sealed_context)


def trace_of(decision: Decision) -> dict[str, Any]:
    """The record of every leaf of its rule, unsealed."""
    return _opened(decision, "trace", decision.sealed_trace)


def reasons_of(decision: Decision) -> list[str]:
    """Every reason for unavailability by its exact code: those for silence stand in the sealed snapshot."""
    if HOLD not in decision.reasons:
        return list(decision.reasons)
    silence: list[str] = context_of(decision)["silence"]
    return silence + list(decision.reasons[len(silence) :])


def replay(decision: Decision) -> list[str]:
    """Names of the stored fields that a recomputation does not reproduce exactly; empty when all agree."""
    context = context_of(decision)
    rule = decision.rule
    seed = draw_key(decision.enrollment.study)
    again = conclude(spec_of(rule.body), context, seed=seed, decision_id=decision.public_id)
    stored = {name: getattr(decision, name) for name in ledger_fields(again)}
    differs = [name for name, value in ledger_fields(again).items() if stored[name] != value]
    # Decisions from before there was a keyed digest of the snapshot have a plain one.
    if decision.context_sha256 not in (keys.digest(decision.enrollment, context), digest(context)):
        differs.append("context_sha256")
    if digest(rule.body) != rule.body_sha256:
        differs.append("rule")
    if canonical(again.trace) != canonical(trace_of(decision)):
        differs.append("trace")
    sent = key(decision.delivery.message) if decision.delivery else ""
    if again.message != sent:
        differs.append("message")
    return sorted(differs)


def _opened(decision: Decision, part: str, sealed: bytes | memoryview) -> dict[str, Any]:
    plain = keys.unseal(decision.enrollment, sealed_as(decision.public_id, part), bytes(sealed))
    opened: dict[str, Any] = json.loads(plain)
    return opened
