"""Refusals: what a room says no to, in words that a phone and a person can act on."""

from typing import Any


class Refusal(Exception):
    """A request that is understood and not granted; the edges turn it into one error shape.

    `code` is for programs and never changes, `message` for people, `field` names the offending part,
    `retry` says whether the same request may succeed later, `retry_after_s` when, where that is known;
    `extra` joins the answer beside the errors.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 422,
        field: str = "",
        retry: bool = False,
        retry_after_s: float | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.field = field
        self.retry = retry or retry_after_s is not None
        self.retry_after_s = retry_after_s
        self.extra = dict(extra or {})
