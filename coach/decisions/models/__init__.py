"""Rules in force, the points at which they decide, the ledger of decisions and what came of them."""

from coach.decisions.models.decision import Decision
from coach.decisions.models.outcome import Outcome
from coach.decisions.models.point import DecisionPoint
from coach.decisions.models.rule import DecisionRule

__all__ = ["Decision", "DecisionPoint", "DecisionRule", "Outcome"]
