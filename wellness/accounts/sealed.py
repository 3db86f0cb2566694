"""What is kept of an account, sealed under its key: our own columns, and those of allauth's tables."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models

from wellness.accounts import keys
from wellness.sealedtext import SealedText

# allauth's columns, and whether rows are looked up by them.
THEIRS = {
    "account.EmailAddress": {"email": True},
    "usersessions.UserSession": {"session_key": True, "ip": False, "user_agent": False},
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


def take_over() -> None:
    """Seal allauth's columns: their fields learn to, everything else about them stays."""
    for label, columns in THEIRS.items():
        model = apps.get_model(label)
        for name, indexed in columns.items():
            field: Any = model._meta.get_field(name)
            theirs = type(field)
            path = f"{theirs.__module__}.{theirs.__qualname__}".replace("models.fields", "models")
            members = {"indexed": indexed, "column_path": path}
            field.__class__ = type(f"Sealed{theirs.__name__}", (AccountText, theirs), members)
            setattr(model, field.attname, field.descriptor_class(field))


def _owner(row: Any) -> UUID:
    owner: UUID = getattr(row, "user", row).public_id
    return owner
