from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from phenotyping.intake.models.shelf import ShelfQuerySet


class IntakeConfig(AppConfig):
    name = "phenotyping.intake"
    label = "phenotyping_intake"
    verbose_name = "Intake"

    def ready(self) -> None:
        from phenotyping.intake import compaction, partial
        from phenotyping.intake.models import Shelf
        from wellness.consent.hooks import on_withdrawal
        from wellness.work.kinds import Kind, register

        def due(now: datetime) -> ShelfQuerySet:
            return Shelf.objects.due(now)

        register(Kind("gather", "bulk", due, compaction.gather_shelf))
        on_withdrawal(partial.forget)
