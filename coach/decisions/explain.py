"""Why a person got, or did not get, a suggestion, in one sentence."""

from coach.decisions.models import Decision
from coach.decisions.models.decision import NONE
from coach.decisions.replay import reasons_of, trace_of
from coach.decisions.variables import REGISTRY
from coach.rules.evaluate import Verdict
from coach.rules.sentence import explain

SILENCE = {
    "consent": "you have not agreed to coaching with the data it needs",
    "server_late": "the moment had passed before we could decide",
    "other_rule": "another suggestion came first at that moment",
    "phase": "you are not taking part at the moment",
    "crisis_hold": "you asked for support, so coaching rests",
    "clinician_hold": "your clinician has paused coaching",
    "participant_pause": "you have paused suggestions",
    "quiet_hours": "it was in your quiet hours",
    "too_soon": "you had a suggestion a short while ago",
    "budget": "you had enough suggestions that day",
    "budget_day": "you had enough suggestions that day",
    "budget_week": "you had enough suggestions that week",
    "cool_down": "the last suggestions did not suit you",
    "no_option": "there was no suggestion that suits you",
}


def why(decision: Decision) -> str:
    """The sentence a participant reads; it names what was known, and chance where chance decided."""
    silent = [SILENCE[code] for code in reasons_of(decision) if code in SILENCE]
    if silent:
        return f"Nothing was offered because {silent[0]}."
    verdicts = [Verdict.from_json(stored) for _, stored in sorted(trace_of(decision).items())]
    if not decision.available:
        against = next((verdict for verdict in verdicts if verdict.truth is not True), None)
        return explain(against, REGISTRY, offered=False) if against else "Nothing was offered."
    percent = round(100 * decision.propensity)
    if decision.option == NONE:
        return f"The moment was right, and chance decided, at {percent} %, to offer nothing this time."
    chance = f"Which suggestion, or none, is drawn by chance; this one had a chance of {percent} %."
    # The rule's own condition says more than the one for being available, which sorts before it.
    return f"{explain(verdicts[-1], REGISTRY, offered=True)} {chance}" if verdicts else chance
