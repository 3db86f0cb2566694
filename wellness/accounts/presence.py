"""How and when whoever sent a request proved who they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest
from django.utils import timezone

SOON = timedelta(minutes=5)  # how fresh a proof must be for what cannot be undone
# RFC 8176 where it has a word; it has none for a code by e-mail and for a recovery code.
_WORDS = {
    "password": "pwd",  # nosec B105  a word for it
    "code": "email",
    "totp": "otp",
    "webauthn": "hwk",
    "recovery_codes": "recovery",
}


@dataclass(frozen=True)
class Authentication:
    """The methods used in this session, in the words of RFC 8176, and when the last proof was given."""

    amr: tuple[str, ...]
    at: datetime | None


def authentication_methods(request: HttpRequest) -> Authentication:
    """How the user signed in, and again since; empty for someone who did not."""
    records = _records(request)
    words = list(dict.fromkeys(_word(one) for one in records))
    if any(one.get("passwordless") for one in records):
        words.append("user")  # such a passkey asked for a fingerprint or a PIN
    if has_second_factor(request):
        words.append("mfa")
    at = max((one["at"] for one in records), default=None)
    return Authentication(tuple(words), None if at is None else datetime.fromtimestamp(at, UTC))


def recently_authenticated(request: HttpRequest, within: timedelta = SOON) -> bool:
    """Whether the user proved who they are in that time: by a second factor where the session has one."""
    records = _records(request)
    strongest = [one for one in records if one.get("method") == "mfa"] or records
    latest = max((one["at"] for one in strongest), default=None)
    now = timezone.now().timestamp()
    return latest is not None and now - within.total_seconds() < latest <= now


def require_recent(request: HttpRequest, within: timedelta = SOON) -> None:
    """Go on only after a recent proof; otherwise a page asks for one, and then sends the request again."""
    if not recently_authenticated(request, within):
        raise ReauthenticationRequired


def has_second_factor(request: HttpRequest) -> bool:
    """Whether this session was opened, or strengthened, by a second factor or a passkey."""
    return any(one.get("method") == "mfa" for one in _records(request))


def _records(request: HttpRequest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get_authentication_records(request, request.user)
    return found


def _word(record: dict[str, Any]) -> str:
    method = str(record.get("type") or record.get("method"))
    return _WORDS.get(method, method)
