"""Texts that are sealed in the database and open on their row: to a reader attributes like any other.

A text opens when it is read, with the key of whom its row belongs to; a room that owns keys says how. It is
found only by the blind index that it may carry before it: equal texts, in whatever case, have the same index.
Migrations see a plain column that holds ciphertext, and so does `values_list`.
"""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.lookups import IsNull, Lookup
from django.db.models.query_utils import DeferredAttribute

from wellness.lib.sealing import subkey

INDEX_LENGTH = 22  # 16 bytes in base64
FORGOTTEN = "."  # stands for a text that was there and went with its key


class Stored(str):
    """A text as the database holds it."""

    __slots__ = ()


class Opening(DeferredAttribute):
    """The attribute of a sealed text."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if isinstance(value, Stored):
            field: Any = self.field
            value = instance.__dict__[field.attname] = field.opened(instance, value)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        """Having this, the attribute is asked for also where the row holds a value."""
        instance.__dict__[self.field.attname] = value


class Index(models.Func):
    """The index of a column of sealed texts, for constraints."""

    function = "substr"
    template = f"%(function)s(%(expressions)s, 1, {INDEX_LENGTH})"
    output_field = models.TextField()


class _Same(Lookup):
    """Look-up by the index; of texts without one only the empty text can be found."""

    lookup_name = "exact"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = compiler.compile(self.lhs)
        field: Any = self.lhs.output_field
        if self.rhs == "":
            return f"{column} = %s", (*params, "")
        return f"{_index_of(column)} = %s", (*params, field.index(self.rhs))


class _Among(_Same):
    """Look-up of any of several texts."""

    lookup_name = "in"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = compiler.compile(self.lhs)
        field: Any = self.lhs.output_field
        found = [field.index(one) for one in self.rhs] or [""]
        return f"{_index_of(column)} IN ({', '.join(['%s'] * len(found))})", (*params, *found)


LOOKUPS = {"exact": _Same, "iexact": _Same, "in": _Among, "isnull": IsNull}


class SealedText(models.Field):  # type: ignore[type-arg]  # generic only for mypy
    """Joins a text field: what the database holds of it is sealed by `seal` and opened by `unseal`."""

    descriptor_class = Opening
    indexed = False
    column_path = "django.db.models.TextField"

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        """Join the model, in the place of a field of the same name that it inherits."""
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, self.descriptor_class(self))

    def seal(self, instance: Any, context: str, plain: bytes) -> bytes:
        """The envelope, under the key of whom the row belongs to."""
        raise NotImplementedError

    def unseal(self, instance: Any, context: str, sealed: bytes) -> bytes:
        """The plain bytes of an envelope of that row."""
        raise NotImplementedError

    def index(self, value: object) -> str:
        """The blind index of a text."""
        if not self.indexed or not isinstance(value, str):
            raise TypeError(f"{self} can only be looked up by a text, and only where it has an index")
        return blind_index(self._context(), value)

    def index_for(self, instance: Any, value: str) -> str:
        """The index that a text has on that row."""
        return self.index(value)

    def opened(self, instance: Any, stored: Stored) -> str:
        """The text that the row holds; SealBroken when it was altered or is another's."""
        if stored in ("", FORGOTTEN) or (self.indexed and len(stored) == INDEX_LENGTH):
            return ""
        sealed = urlsafe_b64decode(stored[INDEX_LENGTH:] if self.indexed else stored)
        return self.unseal(instance, self._context(), sealed).decode()

    def stored(self, instance: Any, value: Any) -> Stored:
        """What the database is to hold for a text of that row."""
        value = str(value)
        if not value:
            return Stored("")
        sealed = self.seal(instance, self._context(), value.encode())
        return Stored(
            (self.index_for(instance, value) if self.indexed else "") + urlsafe_b64encode(sealed).decode()
        )

    def from_db_value(self, value: str | None, *_: object) -> Stored | None:
        """The text as it is stored, opened when the attribute is read."""
        return None if value is None else Stored(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Stored | None:
        """What is written: sealed anew from what the attribute says, or as it was where nobody looked."""
        value = model_instance.__dict__.get(self.attname)
        if isinstance(value, Stored) or value is None:
            return value
        return self.stored(model_instance, value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Only what is sealed gets into the database: `update` knows no row to seal for."""
        if value is None or isinstance(value, Stored) or value == "":
            return None if value is None else str(value)
        raise TypeError(f"{self} is sealed: set the attribute and save the row")

    def get_internal_type(self) -> str:
        """A column of text, however long the envelope."""
        return "TextField"

    def get_lookup(self, lookup_name: str) -> Any:
        """What sealed texts can be found by."""
        return LOOKUPS.get(lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        """Nothing can be computed of a sealed text."""
        return None

    def deconstruct(self) -> Any:
        """What migrations see."""
        name, _, args, kwargs = super().deconstruct()
        if self.column_path == SealedText.column_path:
            kwargs.pop("max_length", None)
        return name, self.column_path, args, kwargs

    def _context(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"


def forgotten() -> Stored:
    """What stands for a text that was forgotten where each must be different: an index of nothing."""
    return Stored(urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("="))


def blind_index(field: str, value: str) -> str:
    """What equal texts of a field share, whatever their case, and nobody can make without INDEX_KEY."""
    key = subkey(settings.INDEX_KEY.encode(), f"index|{field}")
    normal = unicodedata.normalize("NFKC", value).casefold().encode()
    return urlsafe_b64encode(hmac.digest(key, normal, "sha256")[:16]).decode().rstrip("=")


def _index_of(column: str) -> str:
    return f"substr({column}, 1, {INDEX_LENGTH})"
