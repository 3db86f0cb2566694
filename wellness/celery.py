"""The Celery application: wakes workers; the rows themselves say what is due."""

import os
from pathlib import Path

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wellness.settings")

app = Celery("wellness")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

for folder in ("data_folder_in", "control_folder"):
    if folder in settings.CELERY_BROKER_TRANSPORT_OPTIONS:
        Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS[folder]).mkdir(parents=True, exist_ok=True)
