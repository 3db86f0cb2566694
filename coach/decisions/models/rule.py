"""A decision rule of a study, one row a version."""

import uuid

from django.db import models

from wellness.audit.appendonly import AppendOnly, AppendOnlyQuerySet
from wellness.studies.models import Study


class DecisionRule(AppendOnly):
    """One published version of a rule: slots, trees, options, policy, budget, outcome (coach.md 4)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="decision_rules")
    name = models.SlugField()
    version = models.PositiveIntegerField(default=1)
    priority = models.PositiveSmallIntegerField(default=100)
    body = models.JSONField()
    body_sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField()

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "name", "version"], name="%(app_label)s_%(class)s_one_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
