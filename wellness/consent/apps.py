from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from wellness.consent.models.leaving import ErasureRequestQuerySet


class ConsentConfig(AppConfig):
    name = "wellness.consent"
    label = "wellness_consent"
    verbose_name = "Consent"

    def ready(self) -> None:
        from wellness.consent.erasure import job, own
        from wellness.consent.models import ErasureRequest
        from wellness.work.kinds import Kind, register

        def due(now: datetime) -> ErasureRequestQuerySet:
            return ErasureRequest.objects.due(now)

        own.join()
        register(Kind(job.KIND, "erase", due, job.run))
