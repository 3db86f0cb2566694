"""Faults of an upload: refusals of the whole of it that say where they were found."""

from typing import Any

from wellness.lib.refusal import Refusal


def fault(
    code: str,
    message: str,
    *,
    stream: str = "",
    column: str = "",
    row: int | None = None,
    status: int = 422,
    retry: bool = False,
) -> Refusal:
    """The refusal, naming stream, column and row index (from 0) as far as they are known."""
    place = {"stream": stream, "column": column, "row": row}
    known: dict[str, Any] = {name: value for name, value in place.items() if value not in ("", None)}
    field = ".".join(filter(None, (stream, column)))
    return Refusal(code, message, status=status, field=field, retry=retry, extra=known)


def too_many_rows(limit: int) -> Refusal:
    """The refusal of more rows than one upload may hold."""
    return fault("too_large", f"One upload holds at most {limit} rows.", status=413)
