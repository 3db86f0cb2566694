from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from wellness.consent.models.agenda import AgendaQuerySet, NoticeQuerySet
    from wellness.consent.models.approval import ApprovalRequestQuerySet
    from wellness.consent.models.leaving import ErasureRequestQuerySet
    from wellness.consent.models.recipient import RecipientNoticeQuerySet
    from wellness.studies.models.assignment import EmergencyAccessQuerySet


class ConsentConfig(AppConfig):
    name = "wellness.consent"
    label = "wellness_consent"
    verbose_name = "Consent"

    def ready(self) -> None:
        from wellness.consent import agenda, approvals, guardians, notices, recipients, telling
        from wellness.consent.emergency import tell
        from wellness.consent.erasure import job, own
        from wellness.consent.models import (
            ApprovalRequest,
            ConsentAgenda,
            ConsentNotice,
            ErasureRequest,
            RecipientNotice,
        )
        from wellness.studies.models import EmergencyAccess
        from wellness.work.kinds import Kind, register

        def leaving(now: datetime) -> ErasureRequestQuerySet:
            return ErasureRequest.objects.due(now)

        def due(now: datetime) -> AgendaQuerySet:
            return ConsentAgenda.objects.due(now)

        def untold(now: datetime) -> NoticeQuerySet:
            return ConsentNotice.objects.due(now)

        def unasked(now: datetime) -> ApprovalRequestQuerySet:
            return ApprovalRequest.objects.due(now)

        def to_be_told(now: datetime) -> RecipientNoticeQuerySet:
            return RecipientNotice.objects.due(now)

        def emergencies(now: datetime) -> EmergencyAccessQuerySet:
            return EmergencyAccess.objects.due(now)

        own.join()
        register(Kind(job.KIND, "erase", leaving, job.run))
        register(Kind("consent", "decide", due, agenda.attend))
        register(Kind("consent_notice", "decide", untold, notices.send))
        register(Kind(approvals.KIND, "decide", unasked, approvals.tell))
        register(Kind(recipients.KIND, "decide", to_be_told, telling.run))
        register(Kind("emergency", "crisis", emergencies, tell))
        guardians.listen()
