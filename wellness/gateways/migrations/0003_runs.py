from typing import Any

from django.db import migrations, models


def name_the_run(apps: Any, _: Any) -> None:
    """Copies that wait to be fetched were made by one run each."""
    takeouts = apps.get_model("wellness_gateways", "Takeout").objects
    for pk, fence, n_pieces in takeouts.filter(state="made").values_list("pk", "made_by", "n_pieces"):
        takeouts.filter(pk=pk).update(runs=[[fence, n_pieces]])


class Migration(migrations.Migration):
    dependencies = [
        ("wellness_gateways", "0002_releases"),
    ]

    operations = [
        migrations.AddField(
            model_name="takeout",
            name="runs",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="takeout",
            name="sealed_progress",
            field=models.BinaryField(blank=True, null=True),
        ),
        migrations.RunPython(name_the_run, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name="takeout",
            name="made_by",
        ),
        migrations.RemoveField(
            model_name="takeout",
            name="n_pieces",
        ),
    ]
