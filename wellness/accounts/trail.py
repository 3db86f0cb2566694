"""Signing in and out, and what is changed about how: an entry each, from signals of Django and allauth.

Where somebody signed in from is sealed with the account's key, and unreadable when the account is forgotten.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account import signals as account
from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals as mfa
from django.contrib.auth import signals as auth
from django.dispatch import Signal
from django.http import HttpRequest

from wellness.accounts import keys
from wellness.accounts.models import User
from wellness.audit import sealing
from wellness.audit.models import ActorKind, Outcome
from wellness.audit.sealing import keyed_digest
from wellness.audit.services import Actor, account_chain, record, system_chain

CHANGES: dict[str, Signal] = {
    "password.set": account.password_set,
    "password.change": account.password_changed,
    "password.reset": account.password_reset,
    "email.add": account.email_added,
    "email.change": account.email_changed,
    "email.remove": account.email_removed,
    "mfa.add": mfa.authenticator_added,
    "mfa.remove": mfa.authenticator_removed,
    "mfa.reset": mfa.authenticator_reset,
}
FAILURES: dict[str, Signal] = {
    "mfa": mfa.authentication_failed,
    "code": account.login_code_rejected,
    "reset code": account.password_reset_code_rejected,
}


def join() -> None:
    """Listen to the signals and seal the chains of accounts here; called when the room starts."""
    sealing.own_keys(ActorKind.USER, seal=_seal, unseal=_unseal)
    auth.user_logged_in.connect(_signed_in, dispatch_uid="trail")
    auth.user_logged_out.connect(_signed_out, dispatch_uid="trail")
    auth.user_login_failed.connect(_failed, dispatch_uid="trail")
    for action, signal in CHANGES.items():
        signal.connect(_changing(action), weak=False, dispatch_uid="trail")
    for step, signal in FAILURES.items():
        signal.connect(_failing(step), weak=False, dispatch_uid="trail")


def _seal(owner: str, context: str, plain: bytes) -> bytes:
    return keys.seal(UUID(owner), context, plain)


def _unseal(owner: str, context: str, envelope: bytes) -> bytes:
    return keys.unseal(UUID(owner), context, envelope)


def _signed_in(*, request: HttpRequest, user: User, **_: Any) -> None:
    session = getattr(request, "session", None)
    used = get_authentication_records(request, user) if session is not None else []
    _own(user, "sign_in", reason=", ".join(str(one.get("method", "")) for one in used))


def _signed_out(*, user: User | None, **_: Any) -> None:
    if user is not None:  # a session that nobody signed in to ended
        _own(user, "sign_out")


def _failed(*, credentials: dict[str, Any], **_: Any) -> None:
    """A failed attempt by the address that was typed, known or not: the work is the same for both."""
    typed = credentials.get("email") or credentials.get("username") or credentials.get("login") or ""
    digest = keyed_digest("email", str(typed))
    record(
        chain=system_chain(digest),
        actor=Actor(ActorKind.ANONYMOUS, ""),
        action="sign_in",
        object=f"address:{digest}",
        outcome=Outcome.REFUSED,
    )


def _changing(action: str) -> Any:
    def changed(*, user: User, **more: Any) -> None:
        authenticator = more.get("authenticator")
        _own(user, action, reason=str(getattr(authenticator, "type", "")))

    return changed


def _failing(step: str) -> Any:
    def failed(*, user: User | None = None, **_: Any) -> None:
        if user is not None:
            _own(user, "sign_in", reason=step, outcome=Outcome.REFUSED)

    return failed


def _own(user: User, action: str, *, reason: str = "", outcome: Outcome = Outcome.DONE) -> None:
    record(
        chain=account_chain(user.actor),
        actor=user.actor,
        action=action,
        object=f"user:{user.public_id}",
        outcome=outcome,
        reason=reason,
    )
