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
        from phenotyping.intake import compaction, forgetting, partial
        from phenotyping.intake.models import Chunk, PartialUpload, Piece, Shelf, Upload, UploadPart
        from wellness.consent.erasure.registry import Stage, Step, erases
        from wellness.consent.erasure.registry import register as registers
        from wellness.consent.hooks import on_leaving, on_withdrawal
        from wellness.work.kinds import Kind, register

        def due(now: datetime) -> ShelfQuerySet:
            return Shelf.objects.due(now)

        register(Kind("gather", "bulk", due, compaction.gather_shelf))
        on_withdrawal(partial.forget)
        on_leaving(forgetting.cancel)
        registers(
            Step(
                "objects",
                Stage.OBJECTS,
                forgetting.objects,
                forgetting.drop_intimate,
                left=forgetting.n_objects,
                outside=True,
            )
        )
        erases(Shelf)
        erases(Upload, anonymise=forgetting.coarsen)
        erases(UploadPart, "upload__enrollment")
        erases(Chunk)
        erases(PartialUpload, "device__enrollment")
        erases(Piece, "upload__device__enrollment")
