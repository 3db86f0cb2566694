"""What staff noted of a person, and what must never be suggested to them, is sealed under the person's key."""

from functools import partial
from typing import Any

from django.db import migrations, models

from wellness.sealedtext import Index
from wellness.studies.sealed import seal_column

COLUMNS = (
    ("coach_safety_alert", "disposition", False),
    ("coach_safety_hold", "reason", False),
    ("coach_safety_contraindication", "condition", True),
)


def turn(apps: Any, schema_editor: Any, back: bool = False) -> None:
    for table, column, indexed in COLUMNS:
        seal_column(apps, schema_editor, table, column, indexed=indexed, back=back)


class Migration(migrations.Migration):
    dependencies = [("coach_safety", "0002_wide_texts"), ("wellness_studies", "0006_sealed_model_name")]
    operations = [
        migrations.RunPython(turn, partial(turn, back=True)),
        migrations.AddConstraint(
            "contraindication",
            models.UniqueConstraint(
                models.F("enrollment"),
                Index("condition"),
                condition=models.Q(("ended_at", None)),
                name="coach_safety_contraindication_one_in_force",
            ),
        ),
    ]
