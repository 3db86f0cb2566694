"""The public halves of the keys that consent was signed with."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import models

from wellness.audit.appendonly import AppendOnly, AppendOnlyQuerySet
from wellness.studies.models import Study


class StudyKey(AppendOnly):
    """A study's public key, kept so that what it signed verifies after SIGNING_KEY was replaced."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="consent_keys")
    kid = models.CharField(max_length=16, unique=True)
    public = models.BinaryField(max_length=32)
    first_used_at = models.DateTimeField()

    objects = AppendOnlyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.kid} of {self.study_id}"

    def loaded(self) -> Ed25519PublicKey:
        """The key as something that verifies."""
        return Ed25519PublicKey.from_public_bytes(bytes(self.public))
