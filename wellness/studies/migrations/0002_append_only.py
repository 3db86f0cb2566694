from django.db import migrations

from wellness.audit.appendonly import ForbidChanges


class Migration(migrations.Migration):
    dependencies = [("wellness_studies", "0001_initial")]
    operations = [
        ForbidChanges("Protocol"),
    ]
