"""A study, its sites, the people who work in it and the versions of its protocol."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from wellness.audit.appendonly import AppendOnly, AppendOnlyQuerySet

if TYPE_CHECKING:
    from wellness.accounts.models import User


class StudyQuerySet(models.QuerySet["Study"]):
    def staffed_by(self, user: User, *roles: str) -> Self:
        """Studies where the user now holds one of the roles (any, when none is named)."""
        held = Membership.objects.filter(user=user, ended_at=None)
        if roles:
            held = held.filter(role__in=roles)
        return self.filter(pk__in=held.values("study"))

    visible_to = staffed_by


class Study(models.Model):
    """A research study, a care service or one person's own loop."""

    class Kind(models.TextChoices):
        RESEARCH = "research", "research"
        CARE = "care", "care"
        PERSONAL = "personal", "personal"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.RESEARCH)
    target_n = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = StudyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "studies"

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """A place or team of a study; a clinician may be bound to one."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="sites")
    slug = models.SlugField()
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "slug"], name="%(app_label)s_%(class)s_one_slug"),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    CLINICIAN = "clinician", "clinician"
    COORDINATOR = "coordinator", "coordinator"
    ANALYST = "analyst", "analyst"
    AUDITOR = "auditor", "auditor"
    ADMINISTRATOR = "administrator", "administrator"
    REGULATOR = "regulator", "regulator"


class Reach(models.TextChoices):
    SITE = "site", "everyone at the site"
    ASSIGNED = "assigned", "only people assigned to them"


class Membership(models.Model):
    """A staff role that a user holds in a study, or only at one site of it, until it ends.

    A clinician reaches everybody there, or only those who are assigned to them.
    """

    study = models.ForeignKey(Study, models.PROTECT, related_name="memberships")
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=15, choices=Role.choices)
    reach = models.CharField(max_length=10, choices=Reach.choices, default=Reach.SITE)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "user", "role"],
                condition=Q(ended_at=None),
                name="%(app_label)s_%(class)s_one_role",
            ),
            models.CheckConstraint(
                condition=Q(reach=Reach.SITE) | Q(role=Role.CLINICIAN),
                name="%(app_label)s_%(class)s_caseload_of_clinician",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


class Protocol(AppendOnly):
    """One published version of what a study collects, asks and offers; never changed once published.

    `body`: {"streams": [...], "instruments": [...], "rules": [...]}; each room reads its own part, and
    `wellness.studies.protocol` the streams.
    """

    study = models.ForeignKey(Study, models.PROTECT, related_name="protocols")
    version = models.PositiveIntegerField()
    body = models.JSONField()
    body_sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField()

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "version"], name="%(app_label)s_%(class)s_one_version"),
        ]
        get_latest_by = "version"

    def __str__(self) -> str:
        return f"{self.study} v{self.version}"
