import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("wellness_studies", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PartialUpload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(help_text="chosen by the phone")),
                ("content_type", models.CharField(max_length=100)),
                ("content_encoding", models.CharField(blank=True, max_length=20)),
                ("stream", models.CharField(blank=True, max_length=40)),
                ("n_bytes", models.PositiveBigIntegerField()),
                ("raw_length", models.PositiveBigIntegerField(blank=True, null=True)),
                ("n_received", models.PositiveBigIntegerField(default=0)),
                ("body_sha256", models.CharField(blank=True, max_length=64)),
                ("started_at", models.DateTimeField()),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="partial_uploads",
                        to="wellness_studies.device",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Piece",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("start", models.PositiveBigIntegerField()),
                ("sealed", models.BinaryField()),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pieces",
                        to="phenotyping_intake.partialupload",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Shelf",
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
                ("fragments_at", models.DateTimeField(blank=True, null=True)),
                ("bytes_on", models.DateField(blank=True, null=True)),
                ("n_bytes_on", models.PositiveBigIntegerField(default=0)),
                (
                    "enrollment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shelf",
                        to="wellness_studies.enrollment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(help_text="chosen by the phone")),
                ("body_sha256", models.CharField(max_length=64)),
                ("content_type", models.CharField(max_length=60)),
                ("n_wire_bytes", models.PositiveBigIntegerField()),
                ("n_sent", models.PositiveIntegerField()),
                ("n_stored", models.PositiveIntegerField()),
                ("n_refused", models.PositiveIntegerField()),
                ("receipt", models.JSONField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("received_at", models.DateTimeField()),
                ("consent_epoch", models.PositiveBigIntegerField()),
                ("boot_id", models.CharField(blank=True, max_length=64)),
                ("clock_offset_ms", models.BigIntegerField(blank=True, null=True)),
                ("clock_error_ms", models.BigIntegerField(blank=True, null=True)),
                ("zone", models.CharField(blank=True, max_length=64)),
                ("stated_at", models.DateTimeField(blank=True, null=True)),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="wellness_studies.device",
                    ),
                ),
                (
                    "enrollment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="wellness_studies.enrollment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Chunk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("stream", models.CharField(max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("live", "live"),
                            ("superseded", "superseded"),
                            ("quarantined", "quarantined"),
                        ],
                        default="live",
                        max_length=12,
                    ),
                ),
                ("state_at", models.DateTimeField(blank=True, help_text="when it was last live", null=True)),
                ("fault", models.CharField(blank=True, help_text="why it is in quarantine", max_length=80)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("n_rows", models.PositiveIntegerField()),
                ("n_bytes", models.PositiveBigIntegerField()),
                ("sealed_sha256", models.CharField(max_length=64)),
                ("sealed", models.BinaryField(null=True)),
                ("object_name", models.CharField(blank=True, max_length=200, null=True, unique=True)),
                ("key_epoch", models.PositiveIntegerField()),
                ("consent_epoch", models.PositiveBigIntegerField()),
                ("consent_events", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "enrollment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chunks",
                        to="wellness_studies.enrollment",
                    ),
                ),
                (
                    "upload",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chunks",
                        to="phenotyping_intake.upload",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="UploadPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stream", models.CharField(max_length=40)),
                ("n_sent", models.PositiveIntegerField()),
                ("n_stored", models.PositiveIntegerField()),
                ("n_refused", models.PositiveIntegerField()),
                ("n_duplicates", models.PositiveIntegerField(default=0)),
                ("refusals", models.JSONField(default=list)),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="phenotyping_intake.upload",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="partialupload",
            index=models.Index(fields=["started_at"], name="phenotyping_started_1ac2ed_idx"),
        ),
        migrations.AddConstraint(
            model_name="partialupload",
            constraint=models.UniqueConstraint(
                fields=("device", "public_id"), name="phenotyping_intake_partialupload_one_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="partialupload",
            constraint=models.CheckConstraint(
                condition=models.Q(("n_received__lte", models.F("n_bytes"))),
                name="phenotyping_intake_partialupload_within_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="piece",
            constraint=models.UniqueConstraint(
                fields=("upload", "start"), name="phenotyping_intake_piece_one_start"
            ),
        ),
        migrations.AddIndex(
            model_name="shelf",
            index=models.Index(
                condition=models.Q(("fragments_at__isnull", False)),
                fields=["fragments_at"],
                name="intake_shelf_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(fields=["enrollment", "received_at"], name="phenotyping_enrollm_576015_idx"),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(fields=["device", "received_at"], name="phenotyping_device__510cb3_idx"),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("stated_at__isnull", False)),
                fields=["enrollment", "stated_at"],
                name="intake_upload_stated",
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.UniqueConstraint(
                fields=("device", "public_id"), name="phenotyping_intake_upload_one_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "n_sent",
                        django.db.models.expressions.CombinedExpression(
                            models.F("n_stored"), "+", models.F("n_refused")
                        ),
                    )
                ),
                name="phenotyping_intake_upload_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("clock_error_ms", None), ("clock_offset_ms", None)),
                    models.Q(("clock_error_ms__gte", 0), ("clock_offset_ms__isnull", False)),
                    _connector="OR",
                ),
                name="phenotyping_intake_upload_offset_with_error",
            ),
        ),
        migrations.AddIndex(
            model_name="chunk",
            index=models.Index(
                fields=["enrollment", "stream", "last_at", "first_at"], name="intake_chunk_reach"
            ),
        ),
        migrations.AddIndex(
            model_name="chunk",
            index=models.Index(
                condition=models.Q(("state", "live"), ("upload__isnull", False)),
                fields=["enrollment", "stream"],
                name="intake_chunk_fragment",
            ),
        ),
        migrations.AddIndex(
            model_name="chunk",
            index=models.Index(
                condition=models.Q(("state", "live"), _negated=True),
                fields=["state", "state_at"],
                name="intake_chunk_not_live",
            ),
        ),
        migrations.AddIndex(
            model_name="chunk",
            index=models.Index(
                condition=models.Q(("object_name", None), ("state", "superseded")),
                fields=["state_at"],
                name="intake_chunk_replaced_row",
            ),
        ),
        migrations.AddConstraint(
            model_name="chunk",
            constraint=models.CheckConstraint(
                condition=models.Q(("n_rows__gt", 0)), name="phenotyping_intake_chunk_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="chunk",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_at__lte", models.F("last_at"))),
                name="phenotyping_intake_chunk_time_runs_on",
            ),
        ),
        migrations.AddConstraint(
            model_name="chunk",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("object_name__isnull", False), ("sealed", None)),
                    models.Q(("object_name", None), ("sealed__isnull", False)),
                    _connector="OR",
                ),
                name="phenotyping_intake_chunk_row_or_object",
            ),
        ),
        migrations.AddConstraint(
            model_name="uploadpart",
            constraint=models.UniqueConstraint(
                fields=("upload", "stream"), name="phenotyping_intake_uploadpart_one_stream"
            ),
        ),
        migrations.AddConstraint(
            model_name="uploadpart",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "n_sent",
                        django.db.models.expressions.CombinedExpression(
                            models.F("n_stored"), "+", models.F("n_refused")
                        ),
                    )
                ),
                name="phenotyping_intake_uploadpart_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="uploadpart",
            constraint=models.CheckConstraint(
                condition=models.Q(("n_duplicates__lte", models.F("n_stored"))),
                name="phenotyping_intake_uploadpart_duplicates_stored",
            ),
        ),
    ]
