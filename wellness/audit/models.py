"""Who did and saw what: one hash chain per participant, plus one for the system."""

from django.db import models
from django.utils import timezone

from wellness.audit.appendonly import AppendOnly, AppendOnlyQuerySet


class ActorKind(models.TextChoices):
    USER = "user", "person"
    DEVICE = "device", "phone"
    SERVICE = "service", "service"
    ANONYMOUS = "anonymous", "nobody signed in"


class Outcome(models.TextChoices):
    DONE = "done", "done"
    REFUSED = "refused", "refused"


class AuditHead(models.Model):
    """The last entry of each chain: what a cut tail is noticed by, and the row that appending locks."""

    chain = models.CharField(max_length=80, unique=True)
    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"{self.chain} to #{self.seq}"


class AuditEntry(AppendOnly):
    """One act on one object by one actor. `hash` covers every other field and the entry before."""

    chain = models.CharField(max_length=80)
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=80)
    actor_kind = models.CharField(max_length=10, choices=ActorKind.choices)
    on_behalf_of = models.CharField(max_length=80, blank=True)
    action = models.CharField(max_length=60)
    object = models.CharField(max_length=120, blank=True)
    purpose = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.DONE)
    reason = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=36, blank=True)
    # Null where there is none, so that entries from before the column keep their hash and their bytes.
    role = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001
    epoch = models.BigIntegerField(null=True, blank=True)
    sealed_detail = models.BinaryField(null=True, blank=True)
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="%(app_label)s_%(class)s_one_seq"),
        ]
        indexes = [
            models.Index(fields=["actor", "at"]),
            models.Index(fields=["at"]),
            # Who was shown in a list: `rosters.entries`. As comparisons, which both databases can prove.
            models.Index(
                fields=["object"],
                name="wellness_audit_rosters",
                condition=models.Q(object__gte="roster:0", object__lt="roster:g"),
            ),
        ]


class CheckpointMark(models.Model):
    """The one row that says which checkpoint came last, so that cut files are noticed; sealers lock it."""

    n = models.PositiveBigIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"checkpoint {self.n}"


class Roster(AppendOnly):
    """A set of people that were shown together; an entry names it, so that a list costs one entry."""

    digest = models.CharField(max_length=64, unique=True)

    objects = AppendOnlyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"roster {self.digest[:8]}"


class RosterMember(AppendOnly):
    """One of them: the chain of a person."""

    roster = models.ForeignKey(Roster, models.PROTECT, related_name="members")
    chain = models.CharField(max_length=80, db_index=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["roster", "chain"], name="%(app_label)s_%(class)s_once"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} in {self.roster_id}"
