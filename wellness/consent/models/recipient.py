"""Who else has to be told that somebody withdrew."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from wellness.consent.modes import WITHDRAWAL_MODES
from wellness.studies.models import Assignment, Enrollment, Role, Site, Study
from wellness.studies.models.visibility import covered
from wellness.work.claims import Claimable, ClaimableQuerySet

if TYPE_CHECKING:
    from wellness.accounts.models import User

TELLERS = (Role.COORDINATOR, Role.ADMINISTRATOR)


class RecipientNoticeQuerySet(ClaimableQuerySet):
    def untold(self) -> Self:
        """Recipients who were not told yet, the first to be due first."""
        return self.filter(told_at=None).order_by("due_at", "pk")

    def overdue(self, now: datetime) -> Self:
        """Recipients who should have been told by now."""
        return self.untold().filter(due_at__lte=now)

    def due(self, now: datetime) -> Self:
        """Recipients to be written to, or whom staff have to be reminded of."""
        return self.untold().claimable(now).order_by("run_after", "pk")

    def visible_to(self, user: User) -> Self:
        """What those see who answer for the study, or for the site at which the person took part."""
        return self.filter(covered(user, TELLERS, Assignment.objects.none()))


class RecipientNotice(Claimable):
    """A recipient of a person's data is to be told of a withdrawal: by e-mail, or by the staff of the study.

    It keeps the name by which the recipient knows the person, for only as long as they are not told, and
    leads to the person until they are erased or made anonymous. Who is told is a `user` who took data, or
    whom a consent document names, in its words.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="recipient_notices")
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="+")
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, null=True, blank=True, related_name="recipient_notices"
    )
    recipient = models.CharField(max_length=200, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    about = models.CharField(max_length=60, blank=True, help_text="what was taken: release:<id>")
    pseudonym = models.CharField(max_length=40, blank=True)
    scopes = models.JSONField()
    mode = models.CharField(max_length=20, choices=[(mode, mode) for mode in WITHDRAWAL_MODES])
    withdrawn_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="until when they must have been told")
    by_hand = models.BooleanField(help_text="no address is known, or none that takes mail: staff tell them")
    told_at = models.DateTimeField(null=True, blank=True)
    told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = RecipientNoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(recipient="", user__isnull=False) | (Q(user=None) & ~Q(recipient="")),
                name="%(app_label)s_%(class)s_one_recipient",
            ),
            models.CheckConstraint(
                condition=(Q(told_at=None, told_by=None) & ~Q(pseudonym=""))
                | Q(told_at__isnull=False, pseudonym=""),
                name="%(app_label)s_%(class)s_told_is_forgotten",
            ),
            models.CheckConstraint(
                condition=Q(due_at__gt=F("withdrawn_at")), name="%(app_label)s_%(class)s_has_time"
            ),
        ]
        indexes = [
            # RecipientNoticeQuerySet.due and overdue
            models.Index(fields=["run_after"], condition=Q(told_at=None), name="consent_recipient_due"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
