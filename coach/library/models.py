"""What the coach may suggest, why it is thought to help, and the words it uses."""

from __future__ import annotations

from typing import Self

from django.db import models


class InterventionQuerySet(models.QuerySet["Intervention"]):
    def approved(self) -> Self:
        """Interventions in use."""
        return self.filter(retired_at=None)


class Intervention(models.Model):
    """One evidence-based suggestion, with its source and when not to give it."""

    class Domain(models.TextChoices):
        SLEEP = "sleep", "sleep"
        MOVEMENT = "movement", "movement"
        DAYLIGHT = "daylight", "daylight"
        BREATHING = "breathing", "breathing"
        SOCIAL = "social", "social contact"

    slug = models.SlugField(unique=True)
    domain = models.CharField(max_length=12, choices=Domain.choices)
    title = models.CharField(max_length=80)
    n_minutes = models.PositiveSmallIntegerField()
    evidence = models.TextField(help_text="what was found, in one sentence")
    source = models.CharField(max_length=300, help_text="citation")
    contraindications = models.JSONField(default=list, help_text="conditions under which it is never given")
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = InterventionQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title


class Message(models.Model):
    """Approved words for an intervention in one language; `tags` must all match the context."""

    intervention = models.ForeignKey(Intervention, models.PROTECT, related_name="messages")
    slug = models.SlugField()
    version = models.PositiveIntegerField(default=1)
    locale = models.CharField(max_length=10, default="en")
    text = models.CharField(max_length=300)
    tags = models.JSONField(default=list)
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slug", "version", "locale"], name="%(app_label)s_%(class)s_one_version"
            ),
        ]

    def __str__(self) -> str:
        return self.slug
