"""A phone has a name that its owner gives it; sealed, like its model."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("wellness_studies", "0008_regulators")]
    operations = [migrations.AddField("device", "given_name", models.TextField(blank=True))]
