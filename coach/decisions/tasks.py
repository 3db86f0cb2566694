"""Periodic work of the coach."""

from celery import shared_task

from coach.decisions.services import plan as plan_points
from wellness.lib.clock import utc_now


@shared_task
def plan() -> None:
    """Make the decision points of the coming day."""
    plan_points(now=utc_now())
