"""What people are asked to agree to."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from wellness.studies.models import Study

GRACE_DAYS = 30  # the longest that a material change leaves old agreements in force


class ConsentDocument(models.Model):
    """One version of the text of a study for one audience and language; immutable once published."""

    class Audience(models.TextChoices):
        ADULT = "adult", "adult"
        GUARDIAN = "guardian", "guardian"
        ASSENT = "assent", "assent of a child"
        REPRESENTATIVE = "representative", "legal representative"

    class Change(models.TextChoices):
        EDITORIAL = "editorial", "editorial"
        MATERIAL = "material", "material"

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        PUBLISHED = "published", "published"
        RETIRED = "retired", "retired"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="consent_documents")
    audience = models.CharField(max_length=15, choices=Audience.choices, default=Audience.ADULT)
    locale = models.CharField(max_length=10, default="en")
    version = models.PositiveIntegerField()
    supersedes = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    change = models.CharField(max_length=10, choices=Change.choices, default=Change.MATERIAL)
    grace_days = models.PositiveSmallIntegerField(
        default=GRACE_DAYS, help_text="how long what people agreed to before holds, where it is unchanged"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    body = models.JSONField(help_text="sections by name: controller, purposes, recipients, ...")
    body_sha256 = models.CharField(max_length=64, blank=True)
    effective_from = models.DateTimeField(null=True, blank=True)
    irb_ref = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "audience", "locale", "version"], name="%(app_label)s_%(class)s_one_version"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | (Q(effective_from__isnull=False) & ~Q(body_sha256="")),
                name="%(app_label)s_%(class)s_published_is_dated",
            ),
            models.CheckConstraint(
                condition=Q(grace_days__lte=GRACE_DAYS), name="%(app_label)s_%(class)s_grace_is_short"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study} consent v{self.version} ({self.audience}, {self.locale})"


class Approval(models.Model):
    """One of the two approvals that a document needs: of exactly the text with that digest."""

    document = models.ForeignKey(ConsentDocument, models.PROTECT, related_name="approvals")
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    document_sha256 = models.CharField(max_length=64, default="")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document", "approver", "document_sha256"], name="%(app_label)s_%(class)s_one_each"
            ),
        ]

    def __str__(self) -> str:
        return f"approval of {self.document_id}"


class ConsentScope(models.Model):
    """One switch of a document: a purpose for a stream. Off until the person turns it on."""

    document = models.ForeignKey(ConsentDocument, models.CASCADE, related_name="scopes")
    purpose = models.CharField(max_length=40)
    stream = models.CharField(max_length=40)
    required = models.BooleanField(default=False)
    retention_days = models.PositiveIntegerField(null=True, blank=True)
    recipients = models.CharField(max_length=200, blank=True)
    min_age = models.PositiveSmallIntegerField(default=0)
    valid_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="after so many days the person is asked again; empty: never"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document", "purpose", "stream"], name="%(app_label)s_%(class)s_one_switch"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.stream}"
