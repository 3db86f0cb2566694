import django.db.models.deletion
import uuid
from django.db import migrations, models

from wellness.audit.appendonly import ForbidChanges
from wellness.consent.erasure.permit import AllowErasure


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("wellness_consent", "0001_initial"),
        ("wellness_studies", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Instrument",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("locale", models.CharField(default="en", max_length=10)),
                ("title", models.CharField(max_length=120)),
                ("source", models.CharField(max_length=300)),
                ("n_minutes", models.PositiveSmallIntegerField(default=1)),
                (
                    "items",
                    models.JSONField(
                        help_text='[{"id", "text", "kind", "low", "high", "low_label", "high_label", "phenotype"}]'
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("slug", "version", "locale"),
                        name="phenotyping_surveys_instrument_one_version",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Prompt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("on", models.DateField(help_text="local date it belongs to")),
                ("opens_at", models.DateTimeField()),
                ("closes_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("answered", "answered"), ("expired", "expired")],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "enrollment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prompts",
                        to="wellness_studies.enrollment",
                    ),
                ),
                (
                    "instrument",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prompts",
                        to="phenotyping_surveys.instrument",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Answer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.UUIDField(help_text="chosen by the phone: sending twice stores once", unique=True),
                ),
                ("recorded_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("sealed_values", models.BinaryField()),
                ("values_sha256", models.CharField(max_length=64)),
                ("sealed_reason", models.BinaryField(blank=True, null=True)),
                ("consent_epoch", models.PositiveBigIntegerField()),
                ("consent_events", models.JSONField(default=list)),
                (
                    "device",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wellness_studies.device",
                    ),
                ),
                (
                    "enrollment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="wellness_studies.enrollment",
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="phenotyping_surveys.answer",
                    ),
                ),
                (
                    "instrument",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="phenotyping_surveys.instrument",
                    ),
                ),
                (
                    "prompt",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="phenotyping_surveys.prompt",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="prompt",
            constraint=models.UniqueConstraint(
                fields=("enrollment", "instrument", "on"), name="phenotyping_surveys_prompt_one_a_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="prompt",
            constraint=models.CheckConstraint(
                condition=models.Q(("opens_at__lt", models.F("closes_at"))),
                name="phenotyping_surveys_prompt_opens_first",
            ),
        ),
        migrations.AddIndex(
            model_name="answer",
            index=models.Index(fields=["enrollment", "recorded_at"], name="phenotyping_enrollm_7cfebe_idx"),
        ),
        ForbidChanges("Answer"),
        AllowErasure("Answer"),
    ]
