"""Which switches of an earlier text end for everybody at once, because of a materially new one."""

from django.db import models

from wellness.audit.appendonly import AppendOnly, AppendOnlyQuerySet
from wellness.consent.models.document import ConsentDocument


class ConsentEnding(AppendOnly):
    """One switch of one text and its end, from the very moment in which the new text comes into force.

    The events of each person say the same, once a worker has come to them; the gate does not wait for it.
    """

    document = models.ForeignKey(ConsentDocument, models.PROTECT, related_name="endings")
    purpose = models.CharField(max_length=40)
    stream = models.CharField(max_length=40)
    ends_at = models.DateTimeField()
    ended_by = models.ForeignKey(ConsentDocument, models.PROTECT, related_name="+")

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document", "purpose", "stream", "ended_by"],
                name="%(app_label)s_%(class)s_one_each",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.stream} of {self.document_id}"
