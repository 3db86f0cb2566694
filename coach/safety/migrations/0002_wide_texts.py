"""Columns that are wide enough for envelopes; a condition is unique by the person's own index of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("coach_safety", "0001_initial")]
    operations = [
        migrations.RemoveConstraint("contraindication", "coach_safety_contraindication_one_in_force"),
        migrations.AlterField("alert", "disposition", models.TextField(blank=True)),
        migrations.AlterField("contraindication", "condition", models.TextField()),
        migrations.AlterField("hold", "reason", models.TextField(blank=True)),
    ]
