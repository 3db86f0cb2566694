"""A passkey as a phone or a security key holds it: makes credentials and signs challenges (WebAuthn)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from wellness.accounts.models import User

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Passkey:
    """One credential for one site; `origin` is what the browser says the page is."""

    site: str = "testserver"
    origin: str = "https://testserver"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: uuid4().bytes)
    owner: str = ""

    def create(self, options: dict[str, Any]) -> str:
        """The answer to a request to register, as the page sends it."""
        public = options["publicKey"]
        self.owner = public["user"]["id"]
        said = self._said("webauthn.create", public["challenge"])
        data = AuthenticatorData.create(
            sha256(self.site.encode()).digest(),
            PRESENT | VERIFIED | ATTESTED,
            0,
            AttestedCredentialData.create(
                bytes(16), self.id, ES256.from_cryptography_key(self.key.public_key())
            ),
        )
        attested = {"clientDataJSON": said, "attestationObject": AttestationObject.create("none", data, {})}
        return json.dumps(self._answer(attested) | {"clientExtensionResults": {"credProps": {"rk": True}}})

    def get(self, options: dict[str, Any], *, flags: int = PRESENT | VERIFIED) -> str:
        """The answer to a request to sign in, as the page sends it."""
        said = self._said("webauthn.get", options["publicKey"]["challenge"])
        data = AuthenticatorData.create(sha256(self.site.encode()).digest(), flags, 1)
        signature = self.key.sign(data + sha256(said).digest(), ec.ECDSA(SHA256()))
        signed = {"clientDataJSON": said, "authenticatorData": data, "signature": signature}
        answer = self._answer(signed)
        answer["response"]["userHandle"] = self.owner
        return json.dumps(answer)

    def _said(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, parts: dict[str, bytes]) -> dict[str, Any]:
        name = websafe_encode(self.id)
        response = {part: websafe_encode(value) for part, value in parts.items()}
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }


def passkey_of(user: User) -> Authenticator:
    """A passkey that the user has registered."""
    options = {"publicKey": {"challenge": "AAAA", "user": {"id": websafe_encode(str(user.pk).encode())}}}
    credential = json.loads(Passkey().create(options))
    return WebAuthn.add(user, "Phone", credential).instance
