"""The model of a phone is sealed: people name their phones after themselves."""

from functools import partial
from typing import Any

from django.db import migrations, models

from wellness.studies.sealed import seal_column


def turn(apps: Any, schema_editor: Any, back: bool = False) -> None:
    seal_column(apps, schema_editor, "wellness_studies_device", "model_name", back=back)


class Migration(migrations.Migration):
    dependencies = [("wellness_studies", "0005_short_invitations")]
    operations = [
        migrations.AlterField("device", "model_name", models.TextField(blank=True)),
        migrations.RunPython(turn, partial(turn, back=True)),
    ]
