"""What is kept of second factors is sealed whole: people name their keys."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from django.db import migrations

from wellness import keyring
from wellness.lib import sealing

COLUMN = "mfa_authenticator.data"


def seal(apps: Any, schema_editor: Any) -> None:
    for factor, key, context in _factors(apps):
        envelope = sealing.seal(key, json.dumps(factor.data).encode(), context=context)
        factor.data = urlsafe_b64encode(envelope).decode()
        factor.save(update_fields=["data"])


def unseal(apps: Any, schema_editor: Any) -> None:
    for factor, key, context in _factors(apps):
        factor.data = json.loads(sealing.unseal(key, urlsafe_b64decode(factor.data), context=context))
        factor.save(update_fields=["data"])


def _factors(apps: Any) -> Any:
    """Each factor with its owner's key and what its envelope is bound to."""
    keys = {one.owner: one for one in apps.get_model("wellness_accounts", "AccountKey").objects.all()}
    for factor in apps.get_model("mfa", "Authenticator").objects.select_related("user"):
        owner = factor.user.public_id
        row, context = keys[owner], f"v1|{owner}|account-key"
        key = sealing.unseal(keyring.key(row.key_epoch), bytes(row.wrapped), context=context)
        yield factor, sealing.subkey(key, "field"), f"v1|{owner}|{COLUMN}"


class Migration(migrations.Migration):
    dependencies = [("mfa", "0003_authenticator_type_uniq"), ("wellness_accounts", "0005_one_address")]
    operations = [migrations.RunPython(seal, unseal)]
