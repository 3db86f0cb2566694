"""What is kept of a person in a column of their row, sealed under their data key."""

from __future__ import annotations

from typing import Any

from django.db import models

from wellness.sealedtext import INDEX_LENGTH, SealedText


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
