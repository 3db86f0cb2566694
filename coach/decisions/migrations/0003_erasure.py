from django.db import migrations

from wellness.consent.erasure.permit import AllowErasure


class Migration(migrations.Migration):
    dependencies = [
        ("coach_decisions", "0002_append_only"),
        ("wellness_consent", "0006_leaving"),
    ]
    operations = [
        AllowErasure("Decision"),
    ]
