import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Intervention",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(unique=True)),
                (
                    "domain",
                    models.CharField(
                        choices=[
                            ("sleep", "sleep"),
                            ("movement", "movement"),
                            ("daylight", "daylight"),
                            ("breathing", "breathing"),
                            ("social", "social contact"),
                        ],
                        max_length=12,
                    ),
                ),
                ("title", models.CharField(max_length=80)),
                ("n_minutes", models.PositiveSmallIntegerField()),
                ("evidence", models.TextField(help_text="what was found, in one sentence")),
                ("source", models.CharField(help_text="citation", max_length=300)),
                (
                    "contraindications",
                    models.JSONField(default=list, help_text="conditions under which it is never given"),
                ),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Message",
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
                ("text", models.CharField(max_length=300)),
                ("tags", models.JSONField(default=list)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "intervention",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="coach_library.intervention",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("slug", "version", "locale"), name="coach_library_message_one_version"
                    )
                ],
            },
        ),
    ]
