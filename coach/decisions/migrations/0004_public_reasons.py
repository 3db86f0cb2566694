"""Why the coach rested is told by the sealed snapshot alone; in clear it is a hold."""

from typing import Any

from django.db import migrations

from wellness.audit.appendonly import ForbidChanges
from wellness.consent.erasure.permit import AllowErasure

PRIVATE = ("crisis_hold", "clinician_hold", "participant_pause")


def hide(apps: Any, schema_editor: Any) -> None:
    table = apps.get_model("coach_decisions", "Decision")._meta.db_table
    on = f' ON "{table}"' if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f'DROP TRIGGER IF EXISTS "{table}_no_update"{on}')  # made again below
    for decision in apps.get_model("coach_decisions", "Decision").objects.exclude(reasons=[]).iterator():
        told = ["hold" if code in PRIVATE else code for code in decision.reasons]
        if told != decision.reasons:
            decision.reasons = told
            decision.save(update_fields=["reasons"])


class Migration(migrations.Migration):
    dependencies = [("coach_decisions", "0003_erasure")]
    operations = [
        migrations.RunPython(hide, migrations.RunPython.noop),
        ForbidChanges("Decision"),
        AllowErasure("Decision"),
    ]
