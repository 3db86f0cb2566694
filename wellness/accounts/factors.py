"""Second factors: their seeds are sealed for their owner, and a time-based code opens once.

allauth has hooks to seal a seed, but none that know whose it is, and it remembers used codes in the cache,
which processes may not share and which forgets a code before it expires. `watch` puts both right in the one
method that all uses of a factor go through.
"""

from __future__ import annotations

import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from allauth.core import context
from allauth.mfa import app_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.db import transaction

from wellness.accounts.models import User
from wellness.accounts.staff import works_here
from wellness.lib import sealing

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # what opens; recovery codes only stand in
_owner: ContextVar[UUID | None] = ContextVar("owner", default=None)


class SealedFactors(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Seeds of codes are kept sealed; staff keep at least one factor."""

    def encrypt(self, text: str) -> str:
        """The owner's id and the sealed seed."""
        owner = _owner.get() or context.request.user.public_id
        return f"{owner}.{b64encode(sealing.seal(_key(), text.encode(), context=_context(owner))).decode()}"

    def decrypt(self, encrypted_text: str) -> str:
        """The seed; SealBroken when it was altered."""
        owner, _, sealed = encrypted_text.partition(".")
        return sealing.unseal(_key(), b64decode(sealed), context=_context(UUID(owner))).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whether the user may go without this factor."""
        others = Authenticator.objects.filter(user=authenticator.user, type__in=FACTORS)
        return others.exclude(pk=authenticator.pk).exists() or not works_here(authenticator.user)


class OneTimeCode(totp.TOTP):  # type: ignore[misc]
    """A code of an authenticator app: of no earlier time than the last one that was used."""

    def validate_code(self, code: str) -> bool:
        """Whether the code is right and new; it is then used."""
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().get(pk=self.instance.pk)
            seed = totp.decrypt(row.data["secret"])
            for step in totp.yield_hotp_counters_from_time():
                expected = totp.format_hotp_value(totp.hotp_value(seed, step))
                if step > row.data.get("step", -1) and totp.compare_user_code(actual=code, expected=expected):
                    row.data["step"] = step
                    row.save(update_fields=["data"])
                    self.instance.data = row.data
                    return True
        return False


def enrol_authenticator_app(user: User, seed: str) -> Authenticator:
    """The user's new factor, an app that makes codes from this seed (base32); for operators and demos."""
    with _owned_by(user):
        return OneTimeCode.activate(user, seed).instance


def current_code(seed: str) -> str:
    """What an authenticator app with this seed shows now."""
    step = int(time.time()) // app_settings.TOTP_PERIOD
    return str(totp.format_hotp_value(totp.hotp_value(seed, step)))


def recovery_codes(user: User) -> list[str]:
    """The codes that stand in for the user's factor when it is lost, made now where there were none."""
    with _owned_by(user):
        return list(RecoveryCodes.activate(user).get_unused_codes())


def watch() -> None:
    """Have every use of a factor look at its owner, and codes open once."""
    theirs = Authenticator.wrap

    def wrap(factor: Authenticator) -> Any:
        _require_owner(factor)
        return OneTimeCode(factor) if factor.type == Authenticator.Type.TOTP else theirs(factor)

    Authenticator.wrap = wrap


@contextmanager
def _owned_by(user: User) -> Iterator[None]:
    token = _owner.set(user.public_id)
    try:
        yield
    finally:
        _owner.reset(token)


def _require_owner(factor: Authenticator) -> None:
    sealed = factor.data.get("secret") or factor.data.get("seed")
    if sealed and not sealed.startswith(f"{factor.user.public_id}."):
        raise sealing.SealBroken(f"factor {factor.pk} is somebody else's")


def _key() -> bytes:
    return sealing.subkey(settings.ACCOUNT_KEY.encode(), "factors")


def _context(owner: UUID) -> str:
    return f"factor|{owner}"
