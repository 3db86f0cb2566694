"""An address is found and unique by its blind index: envelopes of the same address all differ."""

from django.db import migrations, models

from wellness.sealedtext import Index

THEIRS = {
    "wellness_address_of_user": "account_emailaddress (user_id, substr(email, 1, 22))",
    "wellness_address_verified": "account_emailaddress (substr(email, 1, 22)) WHERE verified",
    "wellness_session_key": "usersessions_usersession (substr(session_key, 1, 22))",
}


class Migration(migrations.Migration):
    dependencies = [("wellness_accounts", "0004_seal_accounts")]
    operations = [
        migrations.AddConstraint(
            "user", models.UniqueConstraint(Index("email"), name="wellness_accounts_user_one_address")
        ),
        *(
            migrations.RunSQL(f"CREATE UNIQUE INDEX {name} ON {columns}", f"DROP INDEX {name}")
            for name, columns in THEIRS.items()
        ),
    ]
