"""Addresses and names that were in clear are sealed; whoever is signed in signs in again."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import migrations

from wellness import keyring
from wellness.lib import sealing
from wellness.sealedtext import INDEX_LENGTH, blind_index

NAMES = ("first_name", "last_name")
USERS, ADDRESSES = "wellness_accounts_user", "account_emailaddress"
Change = Callable[[bytes, UUID, str, str], str]


def seal(apps: Any, schema_editor: Any) -> None:
    _end_sessions(apps)
    keys = apps.get_model("wellness_accounts", "AccountKey")
    for owner in _owners(apps):
        epoch, key = keyring.newest(named=keyring.LEGACY), sealing.new_key()
        context = f"v1|{owner}|account-key"
        wrapped = sealing.seal(keyring.key(epoch), key, context=context, key_version=epoch)
        keys.objects.create(owner=owner, wrapped=wrapped, key_epoch=epoch)
    _change(apps, schema_editor, _sealed)


def unseal(apps: Any, schema_editor: Any) -> None:
    _end_sessions(apps)
    _change(apps, schema_editor, _opened)
    apps.get_model("wellness_accounts", "AccountKey").objects.all().delete()


def _end_sessions(apps: Any) -> None:
    """Their keys and content were in clear, and cannot be told by the new names."""
    apps.get_model("sessions", "Session").objects.all().delete()
    apps.get_model("usersessions", "UserSession").objects.all().delete()


def _owners(apps: Any) -> list[UUID]:
    return list(apps.get_model("wellness_accounts", "User").objects.values_list("public_id", flat=True))


def _change(apps: Any, schema_editor: Any, change: Change) -> None:
    """Put every address and name through `change`; in SQL, for models of other rooms may know better."""
    users = dict(apps.get_model("wellness_accounts", "User").objects.values_list("pk", "public_id"))
    keys = {one.owner: one for one in apps.get_model("wellness_accounts", "AccountKey").objects.all()}
    with schema_editor.connection.cursor() as cursor:
        for table, owner, columns in ((USERS, "id", ("email", *NAMES)), (ADDRESSES, "user_id", ("email",))):
            cursor.execute(f"SELECT id, {owner}, {', '.join(columns)} FROM {table}")  # nosec B608 # noqa: S608
            for pk, user, *values in cursor.fetchall():
                key = _key(keys[users[user]])
                for column, value in zip(columns, values, strict=True):
                    changed = change(key, users[user], f"{table}.{column}", value) if value else ""
                    cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [changed, pk])  # nosec B608 # noqa: S608


def _key(row: Any) -> bytes:
    context = f"v1|{row.owner}|account-key"
    key = sealing.unseal(keyring.key(row.key_epoch), bytes(row.wrapped), context=context)
    return sealing.subkey(key, "field")


def _sealed(key: bytes, owner: UUID, column: str, value: str) -> str:
    index = blind_index(column, value) if column.endswith(".email") else ""
    sealed = sealing.seal(key, value.encode(), context=f"v1|{owner}|{column}")
    return index + urlsafe_b64encode(sealed).decode()


def _opened(key: bytes, owner: UUID, column: str, value: str) -> str:
    sealed = value[INDEX_LENGTH:] if column.endswith(".email") else value
    return sealing.unseal(key, urlsafe_b64decode(sealed), context=f"v1|{owner}|{column}").decode()


class Migration(migrations.Migration):
    dependencies = [("wellness_accounts", "0003_account_keys")]
    operations = [migrations.RunPython(seal, unseal)]
