"""Invitations: a long code that nobody guesses, or a short one that bears few guesses.

The first letters of a short code find its invitation and the others open it, so that every wrong guess is
counted against the one it was aimed at. A try is spent before the comparison, so many at once gain nothing.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import NoReturn

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from wellness.accounts.models import User
from wellness.audit.models import Outcome
from wellness.audit.services import SERVICE, Actor, enrollment_chain, record, system_chain
from wellness.lib import sealing
from wellness.lib.ids import new_secret, secret_digest
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Invitation
from wellness.studies.models.device import InvitationQuerySet
from wellness.studies.services.presence import require_here

LASTS, SHORT_LASTS = timedelta(days=7), timedelta(hours=48)
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that looks or sounds like another
HANDLE, LENGTH = 3, 8


class InvitationRefused(Refusal):
    """The code opens nothing: unknown, used, expired or guessed at too often get the same answer."""

    def __init__(self) -> None:
        super().__init__("invitation_refused", "This invitation cannot be used.", status=403, field="code")


@transaction.atomic
def invite(*, enrollment: Enrollment, now: datetime, actor: Actor = SERVICE, short: bool = False) -> str:
    """A code that opens the enrollment once, within seven days, or a short one within two; shown once.

    It is the only one: whoever asks for another has lost the earlier one, or does not know who has it.
    """
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) if short else new_secret()
    require_here(enrollment)
    earlier = Invitation.objects.open(now).filter(enrollment=enrollment).update(expires_at=now)
    Invitation.objects.create(
        enrollment=enrollment,
        handle=code[:HANDLE] if short else "",
        code_digest=_keyed(code) if short else secret_digest(code),
        expires_at=now + (SHORT_LASTS if short else LASTS),
    )
    record(
        chain=enrollment_chain(enrollment.public_id),
        actor=actor,
        action="device.invite",
        reason="in the place of an earlier code" if earlier else "",
        at=now,
    )
    return f"{code[:4]}-{code[4:]}" if short else code


def recognise(*, code: str, now: datetime) -> Invitation:
    """The invitation that a code opens now, still unused; else InvitationRefused, which is recorded."""
    short = "".join(one for one in code.upper() if one not in "- ")
    if len(short) == LENGTH and set(short) <= set(ALPHABET):
        return _guessed(short, now)
    found = _known().filter(code_digest=secret_digest(code)).first()
    if found is not None and found.is_open(now):
        return found
    return _refuse([found] if found else [], code=code, now=now)


def use(invitation: Invitation, *, now: datetime) -> None:
    """The invitation is used up; InvitationRefused when it was already."""
    if Invitation.objects.open(now).filter(pk=invitation.pk).update(used_at=now) == 0:
        raise InvitationRefused


@transaction.atomic
def take_part(*, invitation: Invitation, user: User, now: datetime) -> Enrollment:
    """The enrollment, now the user's own; InvitationRefused when it is somebody else's or already used."""
    use(invitation, now=now)
    try:
        with transaction.atomic():
            theirs = Enrollment.objects.filter(pk=invitation.enrollment_id, user=None).update(user=user)
    except IntegrityError:  # the user takes part in this study already
        raise InvitationRefused from None
    enrollment = Enrollment.objects.select_related("study").get(pk=invitation.enrollment_id)
    if not theirs and enrollment.user_id != user.pk:
        raise InvitationRefused
    chain = enrollment_chain(enrollment.public_id)
    record(chain=chain, actor=user.actor, action="enrollment.join", object=f"user:{user.public_id}", at=now)
    return enrollment


def _guessed(code: str, now: datetime) -> Invitation:
    digest = _keyed(code)
    aimed_at = list(_known().filter(handle=code[:HANDLE]).order_by("-created_at"))
    for one in aimed_at:
        spent = Invitation.objects.open(now).filter(pk=one.pk).update(tries=F("tries") + 1)
        if hmac.compare_digest(one.code_digest, digest) and spent:
            Invitation.objects.filter(pk=one.pk).update(tries=F("tries") - 1)
            return one
    near = [one for one in aimed_at if one.code_digest == digest or one.is_open(now)]
    return _refuse(near, code=code, now=now)


def _refuse(aimed_at: Iterable[Invitation], *, code: str, now: datetime) -> NoReturn:
    """Record the attempt where it belongs, or for everyone where it was aimed at nobody."""
    chains = [enrollment_chain(one.enrollment.public_id) for one in aimed_at] or [system_chain(_keyed(code))]
    for chain in chains:
        refused = partial(record, chain=chain, actor=SERVICE, action="device.register", at=now)
        refused(outcome=Outcome.REFUSED, reason="wrong, used, expired or too often guessed code")
    raise InvitationRefused


def _known() -> InvitationQuerySet:
    return Invitation.objects.select_related("enrollment__study")


def _keyed(code: str) -> str:
    """A digest that only this site can make: a plain one of so few letters could be tried through."""
    key = sealing.subkey(settings.INDEX_KEY.encode(), "invitation")
    return hmac.new(key, code.encode(), "sha256").hexdigest()
