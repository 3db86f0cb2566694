from django.db import migrations

from wellness.consent.erasure.permit import AllowErasure


class Migration(migrations.Migration):
    dependencies = [
        ("phenotyping_surveys", "0003_reason_of_correction"),
        ("wellness_consent", "0006_leaving"),
    ]
    operations = [
        AllowErasure("Answer"),
    ]
