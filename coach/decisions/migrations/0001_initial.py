import django.db.models.deletion
import django.utils.timezone
import uuid
from django.db import migrations, models

from wellness.audit.appendonly import ForbidChanges
from wellness.consent.erasure.permit import AllowErasure


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("wellness_consent", "0001_initial"),
        ("coach_delivery", "0001_initial"),
        ("wellness_studies", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="DecisionRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.SlugField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("priority", models.PositiveSmallIntegerField(default=100)),
                ("body", models.JSONField()),
                ("body_sha256", models.CharField(max_length=64)),
                ("published_at", models.DateTimeField()),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decision_rules",
                        to="wellness_studies.study",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DecisionPoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_after", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("fence", models.PositiveBigIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, max_length=200)),
                ("on", models.DateField()),
                ("slot", models.TimeField(help_text="local wall time")),
                ("zone", models.CharField(max_length=64)),
                ("due_at", models.DateTimeField()),
                ("grace_until", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "enrollment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decision_points",
                        to="wellness_studies.enrollment",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="points",
                        to="coach_decisions.decisionrule",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("at", models.DateTimeField()),
                ("sealed_context", models.BinaryField()),
                ("context_sha256", models.CharField(max_length=64)),
                ("available", models.BooleanField()),
                (
                    "reasons",
                    models.JSONField(default=list, help_text="every reason for unavailability, by code"),
                ),
                ("sealed_trace", models.BinaryField()),
                ("policy_version", models.CharField(max_length=80)),
                ("posterior_id", models.CharField(blank=True, max_length=64)),
                ("probabilities", models.JSONField(default=list)),
                ("seed_version", models.CharField(help_text="which draw key and generator", max_length=20)),
                ("draw", models.FloatField(blank=True, null=True)),
                ("option", models.CharField(max_length=40)),
                ("propensity", models.FloatField()),
                ("fallback", models.CharField(blank=True, max_length=40)),
                ("consent_epoch", models.PositiveBigIntegerField()),
                ("consent_events", models.JSONField(default=list)),
                ("code_version", models.CharField(max_length=40)),
                (
                    "delivery",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decision",
                        to="coach_delivery.delivery",
                    ),
                ),
                (
                    "enrollment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="wellness_studies.enrollment",
                    ),
                ),
                (
                    "point",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decision",
                        to="coach_decisions.decisionpoint",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="coach_decisions.decisionrule",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Outcome",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_after", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("fence", models.PositiveBigIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, max_length=200)),
                ("variable", models.CharField(max_length=60)),
                ("unit", models.CharField(max_length=20)),
                ("window_starts_at", models.DateTimeField()),
                ("window_ends_at", models.DateTimeField()),
                ("deadline_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("observed", "observed"), ("missing", "missing")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("sealed_value", models.BinaryField(blank=True, null=True)),
                ("missing_because", models.CharField(blank=True, max_length=60)),
                ("stale_seq", models.PositiveBigIntegerField(default=0)),
                ("computed_seq", models.PositiveBigIntegerField(default=0)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outcome",
                        to="coach_decisions.decision",
                    ),
                ),
                (
                    "enrollment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outcomes",
                        to="wellness_studies.enrollment",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="decisionrule",
            constraint=models.UniqueConstraint(
                fields=("study", "name", "version"), name="coach_decisions_decisionrule_one_version"
            ),
        ),
        migrations.AddIndex(
            model_name="decisionpoint",
            index=models.Index(
                condition=models.Q(("closed_at", None)), fields=["due_at"], name="decision_point_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="decisionpoint",
            constraint=models.UniqueConstraint(
                fields=("enrollment", "rule", "on", "slot"), name="coach_decisions_decisionpoint_one_slot"
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["enrollment", "at"], name="coach_decis_enrollm_518fb4_idx"),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("available", False), ("draw", None), ("option", "none"), ("propensity", 0)),
                    models.Q(
                        ("available", True),
                        ("draw__gte", 0),
                        ("draw__isnull", False),
                        ("draw__lt", 1),
                        ("propensity__gt", 0),
                        ("propensity__lt", 1),
                    ),
                    _connector="OR",
                ),
                name="coach_decisions_decision_available_is_random",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("delivery", None),
                    models.Q(("available", True), models.Q(("option", "none"), _negated=True)),
                    _connector="OR",
                ),
                name="coach_decisions_decision_sends_what_was_drawn",
            ),
        ),
        migrations.AddIndex(
            model_name="outcome",
            index=models.Index(
                fields=["enrollment", "window_starts_at"], name="coach_decis_enrollm_97e941_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sealed_value__isnull", True), ("state", "open")),
                    models.Q(
                        ("closed_at__isnull", False), ("sealed_value__isnull", False), ("state", "observed")
                    ),
                    models.Q(
                        ("closed_at__isnull", False),
                        ("sealed_value__isnull", True),
                        ("state", "missing"),
                        models.Q(("missing_because", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="coach_decisions_outcome_value_or_reason",
            ),
        ),
        ForbidChanges("DecisionRule"),
        ForbidChanges("Decision"),
        AllowErasure("Decision"),
    ]
