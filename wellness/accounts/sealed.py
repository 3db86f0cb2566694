"""What is kept of an account, sealed under its key: our own columns, and those of allauth and the admin."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models

from wellness.accounts import keys
from wellness.sealedtext import SealedText, Stored

# Columns of allauth and of Django's admin, and whether rows are looked up by them.
THEIRS = {
    "account.EmailAddress": {"email": True},
    "usersessions.UserSession": {"session_key": True, "ip": False, "user_agent": False},
    "mfa.Authenticator": {"data": False},
    "admin.LogEntry": {"object_repr": False, "change_message": False},
}


class AccountText(SealedText):
    """A text of a user, or of a row that belongs to one."""

    def seal(self, instance: Any, context: str, plain: bytes) -> bytes:
        """The envelope, under the account's key."""
        return keys.seal(_owner(instance), context, plain)

    def unseal(self, instance: Any, context: str, sealed: bytes) -> bytes:
        """The plain bytes of an envelope of this account."""
        return keys.unseal(_owner(instance), context, sealed)


class AccountName(AccountText, models.CharField):  # type: ignore[type-arg]
    """A name; people cannot be looked up by it."""


class AccountEmail(AccountText, models.EmailField):  # type: ignore[type-arg]
    """An address, by which its account is found."""

    indexed = True


class AccountData(AccountText):
    """Joins a JSON field: the column holds a JSON string, the envelope."""

    def opened(self, instance: Any, stored: Stored) -> Any:
        """The value that the row holds."""
        return json.loads(super().opened(instance, stored))

    def stored(self, instance: Any, value: Any) -> Stored:
        """What the database is to hold of a value of that row."""
        return super().stored(instance, json.dumps(value))

    def from_db_value(self, value: str | None, *context: Any) -> Stored | None:
        """The envelope out of its JSON string."""
        envelope: str | None = models.JSONField.from_db_value(self, value, *context)  # type: ignore[arg-type]
        return None if envelope is None else Stored(envelope)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """The envelope as a JSON string."""
        if not isinstance(value, Stored):
            raise TypeError(f"{self} is sealed: set the attribute and save the row")
        return connection.ops.adapt_json_value(str(value), None)

    def get_internal_type(self) -> str:
        """A column of JSON."""
        return "JSONField"


def take_over() -> None:
    """Seal the columns of others: their fields learn to, everything else about them stays."""
    for label, columns in THEIRS.items():
        model = apps.get_model(label)
        for name, indexed in columns.items():
            field: Any = model._meta.get_field(name)
            theirs = type(field)
            path = field.deconstruct()[1]
            members = {"indexed": indexed, "column_path": path}
            ours = AccountData if isinstance(field, models.JSONField) else AccountText
            field.__class__ = type(f"Sealed{theirs.__name__}", (ours, theirs), members)
            setattr(model, field.attname, field.descriptor_class(field))


def _owner(row: Any) -> UUID:
    owner: UUID = getattr(row, "user", row).public_id
    return owner
