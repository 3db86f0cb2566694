import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from wellness.audit.appendonly import ForbidChanges


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("chain", models.CharField(max_length=80, unique=True)),
                ("seq", models.PositiveBigIntegerField(default=0)),
                (
                    "hash",
                    models.CharField(
                        default="0000000000000000000000000000000000000000000000000000000000000000",
                        max_length=64,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CheckpointMark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("n", models.PositiveBigIntegerField(default=0)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("digest", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Roster",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("chain", models.CharField(max_length=80)),
                ("seq", models.PositiveBigIntegerField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("actor", models.CharField(max_length=80)),
                (
                    "actor_kind",
                    models.CharField(
                        choices=[
                            ("user", "person"),
                            ("device", "phone"),
                            ("service", "service"),
                            ("anonymous", "nobody signed in"),
                        ],
                        max_length=10,
                    ),
                ),
                ("on_behalf_of", models.CharField(blank=True, max_length=80)),
                ("action", models.CharField(max_length=60)),
                ("object", models.CharField(blank=True, max_length=120)),
                ("purpose", models.CharField(blank=True, max_length=40)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("done", "done"), ("refused", "refused")], default="done", max_length=10
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("request_id", models.CharField(blank=True, max_length=36)),
                ("role", models.CharField(blank=True, max_length=40, null=True)),
                ("epoch", models.BigIntegerField(blank=True, null=True)),
                ("sealed_detail", models.BinaryField(blank=True, null=True)),
                ("prev_hash", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["actor", "at"], name="wellness_au_actor_c7d154_idx"),
                    models.Index(fields=["at"], name="wellness_au_at_4ac69d_idx"),
                    models.Index(
                        condition=models.Q(("object__gte", "roster:0"), ("object__lt", "roster:g")),
                        fields=["object"],
                        name="wellness_audit_rosters",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("chain", "seq"), name="wellness_audit_auditentry_one_seq")
                ],
            },
        ),
        migrations.CreateModel(
            name="RosterMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("chain", models.CharField(db_index=True, max_length=80)),
                (
                    "roster",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="wellness_audit.roster",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("roster", "chain"), name="wellness_audit_rostermember_once"
                    )
                ],
            },
        ),
        ForbidChanges("AuditEntry"),
        ForbidChanges("Roster"),
        ForbidChanges("RosterMember"),
    ]
