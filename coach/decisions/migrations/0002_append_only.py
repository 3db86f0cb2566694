from django.db import migrations

from wellness.audit.appendonly import ForbidChanges


class Migration(migrations.Migration):
    dependencies = [("coach_decisions", "0001_initial")]
    operations = [
        ForbidChanges("DecisionRule"),
        ForbidChanges("Decision"),
    ]
