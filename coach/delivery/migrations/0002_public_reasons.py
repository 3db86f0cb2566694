"""Why a delivery was blocked tells, in clear, no more than that the coach rested."""

from typing import Any

from django.db import migrations

PRIVATE = ("crisis_hold", "clinician_hold", "participant_pause")


def hide(apps: Any, schema_editor: Any) -> None:
    deliveries = apps.get_model("coach_delivery", "Delivery").objects
    deliveries.filter(blocked_by__in=PRIVATE).update(blocked_by="hold")


class Migration(migrations.Migration):
    dependencies = [("coach_delivery", "0001_initial")]
    operations = [migrations.RunPython(hide, migrations.RunPython.noop)]
