from django.db import migrations

from wellness.audit.appendonly import ForbidChanges


class Migration(migrations.Migration):
    dependencies = [("phenotyping_surveys", "0001_initial")]
    operations = [
        ForbidChanges("Answer"),
    ]
