"""How somebody who signs on a page proved who they are: what the sign-in of this session left on record."""

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

from wellness.consent.signatures import Signing

# Words of RFC 8176 for each way to sign in.
AMR = MappingProxyType(
    {
        "password": ("pwd",),
        "code": ("otp",),
        "totp": ("otp",),
        "recovery_codes": ("otp",),
        "webauthn": ("hwk", "user"),
    }
)


def signing_of(request: HttpRequest, printed_name: str = "") -> Signing:
    """The name as it was written, with every proof of this session and the time of the last one."""
    records: list[dict[str, Any]] = get_authentication_records(request, request.user)
    steps = list(dict.fromkeys(_step(one) for one in records))
    words = list(dict.fromkeys(word for step in steps for word in AMR.get(step, ())))
    if len(steps) > 1:
        words.append("mfa")
    proved = [one["at"] for one in records if "at" in one]
    return Signing(
        printed_name=printed_name,
        method="+".join(steps),
        amr=tuple(words),
        auth_at=datetime.fromtimestamp(max(proved), UTC) if proved else None,
    )


def _step(record: dict[str, Any]) -> str:
    """A second factor by its kind, everything else by its method."""
    return str(record.get("type") or record.get("method", ""))
