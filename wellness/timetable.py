"""What happens by the clock, whoever is using the site."""

from celery.schedules import crontab

_TICK = {"queue": "decide", "expires": 120}  # ahead of long computations; ticks nobody took do not pile up
TIMETABLE = {
    "sweep": {"task": "wellness.work.tasks.sweep", "schedule": 15.0, "options": _TICK},
    "prompts": {"task": "phenotyping.surveys.tasks.prompts", "schedule": 300.0, "options": _TICK},
    "plan": {"task": "coach.decisions.tasks.plan", "schedule": 300.0, "options": _TICK},
    "seal": {"task": "wellness.audit.tasks.seal", "schedule": 60.0, "options": _TICK},
    "guard": {"task": "wellness.audit.tasks.guard", "schedule": 240.0, "options": _TICK},
    "verify_recent": {
        "task": "wellness.audit.tasks.verify_recent",
        "schedule": crontab(hour=4, minute=30),
        "options": {"queue": "bulk"},
    },
    "settle": {
        "task": "wellness.consent.tasks.settle",  # should a database be restored under a running server
        "schedule": 60.0,
        "options": _TICK,
    },
    "bury": {
        "task": "wellness.work.tasks.bury",
        "schedule": 600.0,
        "options": {"queue": "bulk", "expires": 600},
    },
    "collect": {
        "task": "phenotyping.intake.tasks.collect",
        "schedule": crontab(minute=20),
        "options": {"queue": "bulk", "expires": 3600},
    },
    "orphans": {
        "task": "phenotyping.intake.tasks.collect_orphans",
        "schedule": crontab(hour=4, minute=10),
        "options": {"queue": "bulk"},
    },
    "keys": {
        "task": "wellness.studies.tasks.rotate_keys",  # daily; an epoch lasts a month
        "schedule": crontab(hour=3, minute=40),
        "options": {"queue": "bulk"},
    },
    "refit": {
        "task": "phenotyping.twins.tasks.refit",
        "schedule": crontab(hour=2, minute=30),
        "options": {"queue": "bulk"},
    },
    "takeouts": {
        "task": "wellness.gateways.tasks.expire_takeouts",
        "schedule": crontab(minute=50),
        "options": {"queue": "bulk", "expires": 3600},
    },
}
