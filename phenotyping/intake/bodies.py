"""The body of a request, whole and as it was sent."""

from __future__ import annotations

import base64
import hashlib
from uuid import UUID

from django.conf import settings
from django.http import UnreadablePostError
from rest_framework.request import Request

from phenotyping.intake import room
from phenotyping.intake.faults import fault

RAW_LENGTH = "X-Raw-Length"


def upload_id_of(text: str) -> UUID:
    """The id in an address; Refusal when it is none."""
    try:
        return UUID(text)
    except ValueError:
        raise fault("bad_upload_id", "The upload id is a UUID, chosen by the phone.") from None


def body_of(request: Request) -> bytes:
    """The whole body; Refusal when it is too long, was cut short, or is not what its digest says."""
    declared, digest = _declared_bytes(request), _digest(request.headers.get("Content-Digest", ""))
    try:
        with room.for_transfer(declared):
            # Not `request.body`, which the request would hold: it lives until Python next looks for garbage.
            body: bytes = request.read()
    except UnreadablePostError:
        raise _incomplete() from None
    if len(body) != declared:
        raise _incomplete()
    if digest is not None and hashlib.sha256(body).digest() != digest:
        message = "The body is not what Content-Digest says; it was damaged on its way."
        raise fault("body_damaged", message, status=400, retry=True)
    return body


def number(request: Request, header: str) -> int | None:
    """The whole number in a header, None without it; Refusal when it is none, or beyond all limits."""
    text = request.headers.get(header)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise fault("bad_header", f"{header} is a number of bytes.", status=400)
    return int(text)


def _declared_bytes(request: Request) -> int:
    """How long the body is; Refusal when that is not said, or too long to be read."""
    declared = request.META.get("CONTENT_LENGTH") or ""
    if not (declared.isascii() and declared.isdigit()):
        raise fault("length_required", "Say how long the body is: Content-Length.", status=411)
    if len(declared) > 12 or int(declared) > settings.UPLOAD_WIRE_BYTES:
        raise fault("too_large", f"A body has at most {settings.UPLOAD_WIRE_BYTES} bytes.", status=413)
    return int(declared)


def _digest(header: str) -> bytes | None:
    """The SHA-256 of RFC 9530's Content-Digest; None when it has none, for it may have others."""
    for one in header.split(","):
        algorithm, _, value = one.strip().partition("=")
        if algorithm.lower() != "sha-256":
            continue
        try:
            digest = base64.b64decode(value.removeprefix(":").removesuffix(":"), validate=True)
        except ValueError:
            digest = b""
        if len(digest) != 32 or not (value.startswith(":") and value.endswith(":")):
            raise fault("bad_header", "Content-Digest is sha-256=:<base64>:", status=400)
        return digest
    return None


def _incomplete() -> Exception:
    return fault("body_incomplete", "The body was cut short.", status=400, retry=True)
