"""The upkeep of the record, by the clock."""

import logging
from datetime import timedelta

from celery import shared_task

from wellness.audit import sealer, verification, watch
from wellness.lib.clock import utc_now

logger = logging.getLogger(__name__)
RECENT = timedelta(days=7)


@shared_task
def seal() -> None:
    """Sign a checkpoint over what was written since the last one."""
    try:
        sealer.seal(now=utc_now())
    except sealer.Disagreement as problem:
        logger.error("no checkpoint can be made: %s", str(problem))


@shared_task
def guard() -> None:
    """Say loudly when triggers do not refuse or checkpoints do not follow."""
    for problem in watch.problems(now=utc_now()):
        logger.error("the record is at risk: %s", problem)


@shared_task
def verify_recent() -> None:
    """Verify what was sealed in the last week and later; `audit_verify` does all of it."""
    for bad in verification.verify_all(since=utc_now() - RECENT).bad:
        logger.error("the record was altered: %s", str(bad))
