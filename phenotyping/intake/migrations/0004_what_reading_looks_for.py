import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("phenotyping_intake", "0003_partial_uploads"),
        ("wellness_studies", "0009_given_names"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="chunk",
            name="phenotyping_enrollm_578789_idx",
        ),
        migrations.AlterField(
            model_name="chunk",
            name="enrollment",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="chunks",
                to="wellness_studies.enrollment",
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
    ]
