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
            name="Twin",
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
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("static", "static"),
                            ("mirror", "mirror"),
                            ("shadow", "shadow"),
                            ("intelligent", "intelligent"),
                        ],
                        default="static",
                        max_length=12,
                    ),
                ),
                ("stale_seq", models.PositiveBigIntegerField(default=1)),
                ("computed_seq", models.PositiveBigIntegerField(default=0)),
                ("fitted_at", models.DateTimeField(blank=True, null=True)),
                ("model_version", models.CharField(blank=True, max_length=20)),
                ("sealed_state", models.BinaryField(blank=True, null=True)),
                ("n_variables", models.PositiveSmallIntegerField(default=0)),
                ("n_days", models.PositiveIntegerField(default=0)),
                ("consent_epoch", models.PositiveBigIntegerField(default=0)),
                ("consent_events", models.JSONField(default=list)),
                (
                    "enrollment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="twin",
                        to="wellness_studies.enrollment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Forecast",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("origin_on", models.DateField(help_text="last local day the forecast knew")),
                ("made_at", models.DateTimeField()),
                ("model_version", models.CharField(max_length=20)),
                ("n_variables", models.PositiveSmallIntegerField()),
                ("sealed_values", models.BinaryField()),
                ("consent_epoch", models.PositiveBigIntegerField()),
                (
                    "enrollment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="forecasts",
                        to="wellness_studies.enrollment",
                    ),
                ),
                (
                    "twin",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="forecasts",
                        to="phenotyping_twins.twin",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CohortPrior",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("variable", models.CharField(max_length=60)),
                ("model_version", models.CharField(max_length=20)),
                ("parameters", models.JSONField()),
                ("n_people", models.PositiveIntegerField()),
                ("n_days", models.PositiveIntegerField()),
                ("fitted_at", models.DateTimeField()),
                (
                    "lenders",
                    models.JSONField(default=list, help_text="whose days it was learned from, by number"),
                ),
                (
                    "outdated_at",
                    models.DateTimeField(
                        blank=True, help_text="since when a lender lends no more", null=True
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cohort_priors",
                        to="wellness_studies.study",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("study", "variable"), name="phenotyping_twins_cohortprior_one_variable"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CohortRefit",
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
                ("stale_seq", models.PositiveBigIntegerField(default=1)),
                ("computed_seq", models.PositiveBigIntegerField(default=0)),
                (
                    "study",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cohort_refit",
                        to="wellness_studies.study",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("computed_seq__lte", models.F("stale_seq"))),
                        name="phenotyping_twins_cohortrefit_seq_order",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="twin",
            constraint=models.CheckConstraint(
                condition=models.Q(("computed_seq__lte", models.F("stale_seq"))),
                name="phenotyping_twins_twin_seq_order",
            ),
        ),
        migrations.AddIndex(
            model_name="forecast",
            index=models.Index(
                fields=["enrollment", "-origin_on", "-made_at"], name="phenotyping_enrollm_36df18_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="forecast",
            constraint=models.UniqueConstraint(
                fields=("enrollment", "origin_on", "made_at"), name="phenotyping_twins_forecast_one_making"
            ),
        ),
    ]
