"""Periodic work of the questionnaires."""

from celery import shared_task

from phenotyping.surveys.prompts import expire_prompts, plan_all_prompts
from wellness.lib.clock import utc_now


@shared_task
def prompts() -> None:
    """Ask what the protocols ask today, and close what nobody answered."""
    now = utc_now()
    expire_prompts(now=now)
    plan_all_prompts(now=now)
