"""Publishing rules, planning their decision points and deciding them."""

from coach.decisions.services.decision import decide
from coach.decisions.services.point import cancel, plan, replan
from coach.decisions.services.rule import publish_rule, rules_in_force

__all__ = ["cancel", "decide", "plan", "publish_rule", "replan", "rules_in_force"]
