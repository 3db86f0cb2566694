"""The Celery application: wakes workers; the rows themselves say what is due."""

import os
from pathlib import Path

from celery import Celery
from celery.signals import beat_init, worker_init
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from kombu.transport import TRANSPORT_ALIASES

from wellness import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wellness.settings")

TRANSPORT_ALIASES["filesystem"] = "wellness.broker:Transport"
app = Celery("wellness")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def stop_if_wrong(**_: object) -> None:
    """End the process when a system check fails; Celery swallows ordinary exceptions of its signals."""
    try:
        from wellness.restored import wait_until_settled  # noqa: PLC0415  it needs the apps

        checks.enforce(databases=["default"])
        wait_until_settled()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None


for folder in ("data_folder_in", "control_folder"):
    if folder in settings.CELERY_BROKER_TRANSPORT_OPTIONS:
        Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS[folder])).mkdir(parents=True, exist_ok=True)
