"""The settings on the stage: as shipped, with waiting times that fit into a test."""

from datetime import timedelta

from wellness.settings import *  # noqa: F403
from wellness.settings import CELERY_BEAT_SCHEDULE, INSTALLED_APPS, env

INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos.apps.Hurry"]
CHAOS_LEASE_S = env.float("CHAOS_LEASE_S")
CHAOS_QUIET_S = env.float("CHAOS_QUIET_S")
CHAOS_STAYS_S = 30
KEY_WINDOW = timedelta(seconds=CHAOS_STAYS_S)  # so long objects outlive what replaced them
CELERY_BEAT_SCHEDULE["sweep"]["schedule"] = env.float("CHAOS_SWEEP_S")
for _task in CELERY_BEAT_SCHEDULE.values():
    if _task["task"].startswith("phenotyping.intake."):
        _task["schedule"] = CHAOS_STAYS_S
