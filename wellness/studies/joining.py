"""Joining in a browser: the invitation waits in the session until its holder has proved their address."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils import timezone

from wellness.accounts.models import User
from wellness.studies.models import Invitation
from wellness.studies.services import InvitationRefused, take_part

WAITING = "wellness.invitation"


def wait_for_sign_in(session: SessionBase, invitation: Invitation) -> None:
    """Whoever signs in with this session takes part by the invitation, if it can still be used then."""
    session[WAITING] = invitation.pk


def join() -> None:
    """Listen for sign-ins; called when the room starts."""
    user_logged_in.connect(_take_part, dispatch_uid="joining")


def _take_part(*, request: HttpRequest, user: User, **_: Any) -> None:
    waiting = request.session.pop(WAITING, None)
    invitation = waiting and Invitation.objects.filter(pk=waiting).first()
    if invitation:
        try:
            take_part(invitation=invitation, user=user, now=timezone.now())
        except InvitationRefused:  # used by somebody else in the meantime; the account is there all the same
            return
