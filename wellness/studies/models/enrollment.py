"""An enrollment: one person's part in one study. It owns their data, key, zone history and consent epoch."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from wellness.lib.clock import ZoneHistory
from wellness.prepared import Given, Select
from wellness.studies.models.study import Role, Site, Study
from wellness.studies.models.visibility import in_care, opened

if TYPE_CHECKING:
    from wellness.accounts.models import User


class Phase(models.TextChoices):
    INVITED = "invited", "invited"
    ACTIVE = "active", "active"
    PAUSED = "paused", "paused"
    COMPLETED = "completed", "completed"
    WITHDRAWN = "withdrawn", "withdrawn"
    LOCKED = "locked", "locked for regulators"
    ANONYMOUS = "anonymous", "left, made anonymous"
    ERASED = "erased", "left, erased"


# Who left for good: nobody writes about them any more, and no page shows them.
GONE = frozenset({Phase.LOCKED, Phase.ANONYMOUS, Phase.ERASED})


PERSONAL = (Role.CLINICIAN, Role.COORDINATOR, Role.ADMINISTRATOR)  # roles that deal with single people


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    def active(self) -> Self:
        """People who take part now."""
        return self.filter(phase=Phase.ACTIVE, study__ended_at=None)

    def visible_to(self, user: User, *roles: str) -> Self:
        """Enrollments staff may know of: in the care of one of their roles, or opened in an emergency."""
        named = roles or PERSONAL
        seen = in_care(user, named)
        if Role.CLINICIAN in named:
            seen |= opened(user, timezone.now())
        return self.filter(seen).exclude(phase__in=GONE)

    def in_care_of(self, user: User, *roles: str) -> Self:
        """Enrollments that one of the roles covers, by study, site or assignment."""
        return self.filter(in_care(user, roles or PERSONAL)).exclude(phase__in=GONE)

    def on_record_for(self, user: User) -> Self:
        """Everyone who is or was in the studies and sites that the user audits."""
        return self.filter(in_care(user, (Role.AUDITOR,)))

    def held_for(self, user: User) -> Self:
        """Who left and whose data are locked, in the studies and sites that the user inspects."""
        return self.filter(in_care(user, (Role.REGULATOR,)), phase=Phase.LOCKED)

    def in_studies_of(self, user: User, *roles: str) -> Self:
        """Everyone in a study where the user has one of the roles, whoever has them in care."""
        return self.filter(study__in=Study.objects.staffed_by(user, *roles)).exclude(phase__in=GONE)

    def of(self, user: User) -> Self:
        """The user's own enrollments, without those they left for good."""
        return self.filter(user=user).exclude(phase__in=GONE)


class Enrollment(models.Model):
    """One person in one study. Writers that depend on consent lock this row and compare `consent_epoch`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="enrollments")
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="enrollments")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="enrollments"
    )
    code = models.CharField(max_length=40, help_text="pseudonym that staff see")
    phase = models.CharField(max_length=10, choices=Phase.choices, default=Phase.INVITED)
    consent_epoch = models.PositiveBigIntegerField(default=0)
    consent_until = models.DateTimeField(
        null=True, blank=True, help_text="when a grant in force next expires; empty: none does"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="%(app_label)s_%(class)s_one_code"),
            models.UniqueConstraint(
                fields=["study", "user"],
                condition=Q(user__isnull=False),
                name="%(app_label)s_%(class)s_one_user",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def zones(self) -> ZoneHistory:
        """The time zones this person lived in."""
        if "zone_changes" in getattr(self, "_prefetched_objects_cache", {}):
            return ZoneHistory.of([(change.from_at, change.zone) for change in self.zone_changes.all()])
        return ZoneHistory.of(_ZONES.rows(person=self.pk))


class ZoneChange(models.Model):
    """From this instant on the person's wall clock shows this IANA zone."""

    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="zone_changes")
    from_at = models.DateTimeField()
    zone = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["enrollment", "from_at"], name="%(app_label)s_%(class)s_one_at"),
        ]

    def __str__(self) -> str:
        return f"{self.zone} from {self.from_at:%Y-%m-%d %H:%M}"


_ZONES = Select(
    lambda: ZoneChange.objects.filter(enrollment_id=Given("person", models.BigIntegerField())).values_list(
        "from_at", "zone"
    )
)


class DataKey(models.Model):
    """The person's data key, wrapped by the key-encryption key; destroying it forgets the person."""

    enrollment = models.OneToOneField(Enrollment, models.PROTECT, related_name="data_key")
    wrapped = models.BinaryField(null=True)
    key_epoch = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    shredded_at: datetime | None = models.DateTimeField(null=True, blank=True)  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(wrapped__isnull=False, shredded_at=None)
                | Q(wrapped__isnull=True, shredded_at__isnull=False),
                name="%(app_label)s_%(class)s_shredded_or_wrapped",
            ),
        ]

    def __str__(self) -> str:
        return f"key of {self.enrollment_id}"
