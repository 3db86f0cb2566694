"""What is kept of a person in a column of their row, sealed under their data key."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from django.db import models

from wellness import keyring
from wellness.lib import sealing
from wellness.lib.canonical import canonical
from wellness.sealedtext import FORGOTTEN, INDEX_LENGTH, SealedText


class PersonText(SealedText, models.CharField):  # type: ignore[type-arg]  # generic only for mypy
    """A text of an enrollment, on a row that names it."""

    def seal(self, instance: Any, context: str, plain: bytes) -> bytes:
        """The envelope, under the person's key."""
        from wellness.studies import keys  # noqa: PLC0415  which open by our models

        return keys.seal(instance.enrollment, context, plain)

    def unseal(self, instance: Any, context: str, sealed: bytes) -> bytes:
        """The plain bytes; KeyDestroyed when the person was forgotten."""
        from wellness.studies import keys  # noqa: PLC0415  which reads the models that have this field

        return keys.unseal(instance.enrollment, context, sealed)


class PersonWord(PersonText):
    """One of few words: unique for a person by an index that only their key makes, so that people with the
    same word cannot be told from the database."""

    indexed = True

    def index_for(self, instance: Any, value: str) -> str:
        """The person's own index of a word."""
        from wellness.studies import keys  # noqa: PLC0415  which reads the models that have this field

        return keys.digest(instance.enrollment, [self._context(), value])[:INDEX_LENGTH]

    def index(self, value: object) -> str:
        """Nobody is found by such a word."""
        raise TypeError(f"{self} has an index for each person only; read their rows")


def seal_column(
    apps: Any, schema_editor: Any, table: str, column: str, *, indexed: bool = False, back: bool = False
) -> None:
    """For migrations: what a column of people's rows holds in clear is sealed, or back in clear.

    What belongs to somebody who was forgotten goes.
    """
    keys = {one.enrollment_id: one for one in apps.get_model("wellness_studies", "DataKey").objects.all()}
    people = apps.get_model("wellness_studies", "Enrollment").objects.select_related("study")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(f"SELECT id, enrollment_id, {column} FROM {table} WHERE {column} <> ''")  # nosec B608 # noqa: S608
        rows = cursor.fetchall()
        found = people.in_bulk({enrollment for _, enrollment, _ in rows})
        for pk, enrollment, value in rows:
            prefix = f"v1|{found[enrollment].study.public_id}|{found[enrollment].public_id}|"
            key = _key(keys.get(enrollment), prefix)
            if key is None:
                changed = FORGOTTEN
            elif back:
                sealed = urlsafe_b64decode(value[INDEX_LENGTH:] if indexed else value)
                changed = sealing.unseal(key, sealed, context=f"{prefix}{table}.{column}").decode()
            else:
                named = [f"{table}.{column}", value]
                index = hmac.new(sealing.subkey(key, "digest"), canonical(named), "sha256").hexdigest()
                sealed = sealing.seal(key, value.encode(), context=prefix + named[0])
                changed = index[: INDEX_LENGTH * indexed] + urlsafe_b64encode(sealed).decode()
            cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [changed, pk])  # nosec B608 # noqa: S608


def _key(row: Any, prefix: str) -> bytes | None:
    if row is None or row.wrapped is None:
        return None
    key = sealing.unseal(keyring.key(row.key_epoch), bytes(row.wrapped), context=prefix + "data-key")
    return sealing.subkey(key, "field")
