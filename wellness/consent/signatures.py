"""The signature of a consent event: who agreed to what, in which text and capacity, when, and how proved.

The server signs, with a key of the study, the canonical JSON of all of that. A signature that is moved to
another person, document, set of scopes or event no longer verifies. Names are nobody's business but the
person's: the printed name is sealed under their key, and only a digest that this key makes is signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from wellness.audit.services import SERVICE, SYSTEM_CHAIN, record
from wellness.consent.models import Action, ConsentEvent, StudyKey
from wellness.lib.canonical import canonical
from wellness.lib.clock import from_us, to_us
from wellness.lib.sealing import SealBroken
from wellness.lib.signing import SignatureBroken, key_id, public_bytes, signing_key, verify
from wellness.studies import keys
from wellness.studies.models import Study

ALGORITHM = "EdDSA"
FIRST_USE = "consent_key.first_use"
DEVICE = "device"
MEANINGS = MappingProxyType(
    {
        Action.GRANT: "I have read this text, and I agree to what is listed.",
        Action.DENY: "I have read this text, and I do not agree to what is listed.",
        Action.WITHDRAW: "I take back my agreement to what is listed.",
        Action.PAUSE: "I ask that what is listed rests until I resume it.",
        Action.EXPIRE: "The agreement to what is listed has run out.",
        Action.SUPERSEDE: "The agreement to what is listed has ended with a new version of the text.",
        Action.REAFFIRM: "I confirm my agreement to what is listed.",
        Action.RESUME: "I resume what is listed.",
        Action.PROXY: "I name who may sign for this person.",
        Action.IMPORT: "The agreement to what is listed was given elsewhere and is taken over as it stands.",
    }
)


@dataclass(frozen=True)
class Signing:
    """How an act of consent was signed: the name as the signer wrote it, and how they proved who they are.

    `amr` holds the words of RFC 8176 ("pwd", "otp", "hwk", ...), `auth_at` the instant of that proof.
    """

    printed_name: str = ""
    method: str = ""
    amr: tuple[str, ...] = ()
    auth_at: datetime | None = None
    meaning: str = ""


def sign(event: ConsentEvent, signing: Signing | None = None) -> None:
    """Give the event its signature; every other field except its hash must be set already."""
    signing = signing or Signing()
    signature: dict[str, Any] = {
        "alg": ALGORITHM,
        "kid": study_key(event.enrollment.study, now=event.at),
        "meaning": signing.meaning or MEANINGS[Action(event.action)],
        "method": signing.method or _usual_method(event),
        "amr": list(signing.amr),
        "auth_at": _us(signing.auth_at),
        **_sealed_name(event, signing.printed_name),
    }
    payload = canonical(_payload(event, signature))
    signature["payload_sha256"] = hashlib.sha256(payload).hexdigest()
    signature["value"] = base64.urlsafe_b64encode(private_key(event.enrollment.study).sign(payload)).decode()
    event.signature = signature


def problem(event: ConsentEvent, public: Mapping[str, bytes]) -> str | None:
    """What is wrong with an event's signature, in words; `public` are the study's keys by their names."""
    signature = event.signature
    if not isinstance(signature, dict) or not signature.get("value"):
        return "it is not signed"
    if signature.get("alg") != ALGORITHM or signature.get("kid") not in public:
        return "it was signed with a key that is not its study's"
    try:
        payload = canonical(_payload(event, signature))
        value = base64.b64decode(signature["value"], altchars=b"-_", validate=True)
        verify(public[signature["kid"]], value, payload)
    except (SignatureBroken, KeyError, TypeError, ValueError, binascii.Error):
        return "its signature is not over what it says"
    if signature.get("payload_sha256") != hashlib.sha256(payload).hexdigest():
        return "its signature names another payload"
    return None if _name_is_signed(event) else "its printed name is not the one that was signed"


def private_key(study: Study) -> Ed25519PrivateKey:
    """The key that signs for a study now."""
    return signing_key(settings.SIGNING_KEY, f"consent|{study.public_id}")


def study_key(study: Study, *, now: datetime) -> str:
    """The name of the key that signs for a study; its public half is kept and recorded at its first use."""
    public = public_bytes(private_key(study))
    kid = key_id(public)
    given = {"study": study, "public": public, "first_used_at": now}
    _, first = StudyKey.objects.get_or_create(kid=kid, defaults=given)
    if first:
        record(
            chain=SYSTEM_CHAIN,
            actor=SERVICE,
            action=FIRST_USE,
            object=f"consent_key:{kid}",
            reason=named(study, public),
            at=now,
        )
    return kid


def public_keys(study: Study) -> dict[str, bytes]:
    """The public keys that a study's consent was ever signed with, by name."""
    return {row.kid: bytes(row.public) for row in StudyKey.objects.filter(study=study)}


def named(study: Study, public: bytes) -> str:
    """A study's public key in words, as the record of its first use holds it."""
    return f"public {public.hex()} of study {study.public_id}"


def printed_name(event: ConsentEvent) -> str:
    """The name as the signer wrote it; empty where none was given or the person was forgotten."""
    sealed = event.signature.get("name_sealed")
    if not sealed or keys.is_shredded(event.enrollment):
        return ""
    name: str = keys.unseal_json(event.enrollment, _name_context(event), base64.b64decode(sealed))
    return name


def authenticated_at(event: ConsentEvent) -> datetime | None:
    """When the signer proved who they are, where that is known."""
    at = event.signature.get("auth_at")
    return None if at is None else from_us(at)


def _payload(event: ConsentEvent, signature: Mapping[str, Any]) -> dict[str, Any]:
    """What is signed. Never change a field of it: give the new form another `v` and keep reading this one."""
    document = event.document
    return {
        "v": 1,
        "kid": signature["kid"],
        "event": str(event.public_id),
        "seq": event.seq,
        "action": str(event.action),
        "study": str(event.enrollment.study.public_id),
        "participant": str(event.enrollment.public_id),
        "document": {
            "id": str(document.public_id),
            "version": document.version,
            "sha256": event.document_sha256,
        },
        "locale": document.locale,
        "scopes": event.scopes,
        "covers_from": _us(event.covers_from),
        "expiries": event.expiries,
        "until": _us(event.until),
        "proxy": str(event.proxy.public_id) if event.proxy else None,
        "withdrawal_mode": event.withdrawal_mode,
        "capacity": str(event.capacity),
        "signer": str(event.signer.public_id) if event.signer else None,
        "device": str(event.device.public_id) if event.device else None,
        "name_digest": signature["name_digest"],
        "meaning": signature["meaning"],
        "method": signature["method"],
        "amr": signature["amr"],
        "auth_at": signature["auth_at"],
        "evidence": event.evidence,
        "client_at": _us(event.client_at),
        "client_zone": event.client_zone,
        "reason": event.reason,
        "at": to_us(event.at),
        "prev": event.prev_hash,
    }


def _sealed_name(event: ConsentEvent, written: str) -> dict[str, str | None]:
    """The printed name, sealed, and its digest; who signed in and wrote none is named as their account is."""
    name = " ".join((written or (event.signer.get_full_name() if event.signer else "")).split())
    if not name or keys.is_shredded(event.enrollment):
        return {"name_sealed": None, "name_digest": None}
    sealed = keys.seal_json(event.enrollment, _name_context(event), name)
    return {"name_sealed": base64.b64encode(sealed).decode(), "name_digest": _name_digest(event, name)}


def _name_is_signed(event: ConsentEvent) -> bool:
    """Whether the sealed name is the one of the signed digest; True once nobody can open it any more."""
    if event.signature.get("name_digest") is None or keys.is_shredded(event.enrollment):
        return True
    try:
        name = printed_name(event)
    except (SealBroken, ValueError, binascii.Error):
        return False
    digest: str = event.signature["name_digest"]
    return _name_digest(event, name) == digest


def _name_digest(event: ConsentEvent, name: str) -> str:
    return keys.digest(event.enrollment, [_name_context(event), name])


def _name_context(event: ConsentEvent) -> str:
    return f"consent_event|{event.public_id}|name"


def _usual_method(event: ConsentEvent) -> str:
    return "session" if event.signer else DEVICE if event.device else "service"


def _us(at: datetime | None) -> int | None:
    return None if at is None else to_us(at)
