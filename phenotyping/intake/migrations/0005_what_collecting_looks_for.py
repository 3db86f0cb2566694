from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("phenotyping_intake", "0004_what_reading_looks_for"),
        ("wellness_studies", "0009_given_names"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="chunk",
            index=models.Index(
                condition=models.Q(("object_name", None), ("state", "superseded")),
                fields=["state_at"],
                name="intake_chunk_replaced_row",
            ),
        ),
    ]
