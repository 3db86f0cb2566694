from django.db import migrations

from wellness.audit.appendonly import ForbidChanges
from wellness.consent.frozen import FreezeOncePublished


class Migration(migrations.Migration):
    dependencies = [("wellness_consent", "0003_clocks_and_parties")]
    operations = [
        ForbidChanges("ConsentEvent"),  # SQLite left its triggers behind when it copied the table
        FreezeOncePublished(),
    ]
