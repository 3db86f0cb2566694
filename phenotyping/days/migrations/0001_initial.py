import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("wellness_studies", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Day",
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
                ("zone", models.CharField(max_length=64)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("stale_seq", models.PositiveBigIntegerField(default=1)),
                ("computed_seq", models.PositiveBigIntegerField(default=0)),
                ("computed_at", models.DateTimeField(blank=True, null=True)),
                ("feature_set", models.CharField(blank=True, max_length=64)),
                ("input_sha256", models.CharField(blank=True, max_length=64)),
                ("values_sha256", models.CharField(blank=True, max_length=64)),
                ("sealed_values", models.BinaryField(blank=True, null=True)),
                ("n_values", models.PositiveSmallIntegerField(default=0)),
                ("observed_min", models.FloatField(default=0)),
                ("expected_min", models.FloatField(default=0)),
                ("sealed_gaps", models.BinaryField(blank=True, null=True)),
                ("lost_min", models.JSONField(default=dict)),
                ("silence", models.CharField(blank=True, max_length=20)),
                ("consent_epoch", models.PositiveBigIntegerField(default=0)),
                ("consent_events", models.JSONField(default=list)),
                (
                    "enrollment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="days",
                        to="wellness_studies.enrollment",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("stale_seq__gt", models.F("computed_seq"))),
                        fields=["run_after"],
                        name="days_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("enrollment", "on"), name="phenotyping_days_day_one_a_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("computed_seq__lte", models.F("stale_seq"))),
                        name="phenotyping_days_day_seq_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("observed_min__lte", models.F("expected_min"))),
                        name="phenotyping_days_day_observed_within",
                    ),
                ],
            },
        ),
    ]
