"""The receipt of an erasure: signed, naming nobody, and found by whoever holds its token.

The token follows from the withdrawal's id and SIGNING_KEY: nobody else can make it, a repeated request gets
the same one, and one made before a restore still opens the receipt that the erasure makes after it.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from wellness.consent.models import DeletionReceipt, ErasureRequest
from wellness.lib import signing
from wellness.lib.canonical import canonical
from wellness.lib.ids import secret_digest
from wellness.lib.sealing import subkey

PURPOSE = "deletion"


def token_of(event_id: UUID) -> str:
    """The token of the receipt for a withdrawal."""
    key = subkey(settings.SIGNING_KEY.encode(), "deletion-receipt")
    return base64.urlsafe_b64encode(hmac.digest(key, event_id.bytes, "sha256")).decode().rstrip("=")


def begin(mode: str, event_id: UUID, now: datetime) -> DeletionReceipt:
    """The receipt of an erasure that has been asked for."""
    digest = secret_digest(token_of(event_id))
    receipt, _ = DeletionReceipt.objects.get_or_create(
        token_digest=digest, defaults={"mode": mode, "requested_at": now}
    )
    return receipt


def finish(receipt: DeletionReceipt, request: ErasureRequest, now: datetime) -> None:
    """Say in the receipt, signed, what was erased and when."""
    receipt.finished_at = now
    receipt.statement = {
        "withdrawal": str(request.event_id),
        "mode": receipt.mode,
        "requested_at": receipt.requested_at.isoformat(),
        "finished_at": now.isoformat(),
        "erased": request.counts,
        "keys": "destroyed before anything else was erased",
        "kept": "consent given and withdrawn, and who saw what, under a random name; where a call for help "
        "was open, that call with the study's clinicians until they close it",
    }
    signed = signing.signing_key(settings.SIGNING_KEY, PURPOSE).sign(canonical(receipt.statement))
    receipt.signature = base64.b64encode(signed).decode()
    receipt.save(update_fields=["finished_at", "statement", "signature"])


def shown(token: str) -> dict[str, Any] | None:
    """What the holder of a token is told: the signed statement, or that it is due; None for no such token."""
    receipt = DeletionReceipt.objects.filter(token_digest=secret_digest(token)).first()
    if receipt is None:
        return None
    public = signing.public_bytes(signing.signing_key(settings.SIGNING_KEY, PURPOSE))
    return {
        "state": "done" if receipt.finished_at else "due",
        "requested_at": receipt.requested_at,
        "statement": receipt.statement,
        "signature": receipt.signature,
        "kid": signing.key_id(public),
        "public_key": base64.b64encode(public).decode(),
    }


def is_genuine(shown: Mapping[str, Any]) -> bool:
    """Whether what somebody shows as a receipt was signed by us as it stands."""
    public = signing.public_bytes(signing.signing_key(settings.SIGNING_KEY, PURPOSE))
    try:
        signing.verify(public, base64.b64decode(shown["signature"]), canonical(shown["statement"]))
    except (signing.SignatureBroken, ValueError):
        return False
    return True
