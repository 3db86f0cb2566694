"""With which proof of who they are somebody may sign, and how fresh it must be (21 CFR 11.200)."""

from __future__ import annotations

from datetime import datetime

from wellness.accounts.presence import SOON
from wellness.consent.signatures import DEVICE, Signing
from wellness.lib.refusal import Refusal


def of_device(now: datetime, printed_name: str = "") -> Signing:
    """A registered phone's own: its token is a proof that comes with every request."""
    return Signing(printed_name=printed_name, method=DEVICE, auth_at=now)


def require_fresh(signing: Signing | None, now: datetime) -> None:
    """Refusal of a signature that rests on no proof, or on one that was given too long ago."""
    proved_at = signing.auth_at if signing else None
    if proved_at is None or now - proved_at >= SOON:
        minutes = int(SOON.total_seconds()) // 60
        message = f"Prove who you are again, within {minutes} minutes of signing, then send this once more."
        raise Refusal("proof_too_old", message, status=403)
