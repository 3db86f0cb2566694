"""Holds that silence the coach, and alerts that reach a human."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q

from wellness.accounts.models import User
from wellness.sealedtext import Index
from wellness.studies.models import Enrollment, Role, Site, Study
from wellness.studies.models.visibility import covered
from wellness.studies.sealed import PersonText, PersonWord


class HoldQuerySet(models.QuerySet["Hold"]):
    def in_force(self, now: datetime) -> Self:
        """Holds that silence the coach at `now`."""
        return self.filter(starts_at__lte=now, lifted_at=None).filter(Q(ends_at=None) | Q(ends_at__gt=now))


class Hold(models.Model):
    """A time in which the coach stays silent for one person, and who asked for it."""

    class Kind(models.TextChoices):
        CRISIS = "crisis", "crisis"
        CLINICIAN = "clinician", "clinician"
        PARTICIPANT = "participant", "participant"

    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="holds")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    reason = PersonText(max_length=200, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    objects = HoldQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.kind} hold of {self.enrollment_id}"


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> Self:
        """Alerts nobody has resolved."""
        return self.filter(resolved_at=None)

    def visible_to(self, user: User) -> Self:
        """Alerts of the people whose record the clinician may see now, whatever these share."""
        return self.filter(enrollment__in=Enrollment.objects.visible_to(user, Role.CLINICIAN))


class Alert(models.Model):
    """Something a human must look at; acknowledged is not resolved."""

    class Severity(models.TextChoices):
        IMMINENT = "imminent", "imminent"
        MODERATE = "moderate", "moderate"
        LOW = "low", "low"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="alerts")
    rule = models.CharField(max_length=60)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    source = models.CharField(
        max_length=120, help_text="what raised it, e.g. an answer's id; never its content"
    )
    raised_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="when it must have been acknowledged")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    disposition = PersonText(max_length=200, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enrollment", "rule"],
                condition=Q(resolved_at=None),
                name="%(app_label)s_%(class)s_one_open",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None) | ~Q(disposition=""),
                name="%(app_label)s_%(class)s_resolved_says_how",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.severity} {self.rule} of {self.enrollment_id}"


class LeftAlertQuerySet(models.QuerySet["LeftAlert"]):
    def visible_to(self, user: User) -> Self:
        """What clinicians see of those who left: whom they had in care, by study, site or assignment."""
        theirs = LeftAlert.assignees.through._default_manager.filter(leftalert=OuterRef("pk"), user=user)
        return self.filter(covered(user, (Role.CLINICIAN,), theirs))


class LeftAlert(models.Model):
    """An alert that was open when its person left for good: what staff need to act, until they close it.

    It refers to no row of the person, so that erasing and anonymising them can be whole without it; staff
    know the person by `code`. Closing it deletes it.
    """

    class Outcome(models.TextChoices):
        REACHED = "reached", "we reached them, and they are safe"
        HANDED_OVER = "handed_over", "others who can help have taken over"
        NOT_REACHED = "not_reached", "we tried everything and did not reach them"
        NO_NEED = "no_need", "there was no need to act"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="left_alerts")
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="+")
    assignees = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True)
    code = models.CharField(max_length=40, help_text="pseudonym by which staff know the person")
    rule = models.CharField(max_length=60)
    severity = models.CharField(max_length=10, choices=Alert.Severity.choices)
    raised_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="when it must have been acknowledged")
    left_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = LeftAlertQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.severity} {self.rule} of one who left"


class Contraindication(models.Model):
    """A condition of one person under which some suggestions are never given."""

    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="contraindications")
    condition = PersonWord(max_length=50)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "enrollment",
                Index("condition"),
                condition=Q(ended_at=None),
                name="%(app_label)s_%(class)s_one_in_force",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.condition} of {self.enrollment_id}"
