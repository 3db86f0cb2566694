"""What follows when somebody signs in or changes their factors."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.signals import user_logged_in
from django.db.models import F
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from wellness.accounts import lifetime
from wellness.accounts.factors import FACTORS
from wellness.accounts.models import User


@receiver(user_logged_in)
def begin_session(request: HttpRequest, **_: Any) -> None:
    """A session's time is counted from its sign-in."""
    lifetime.begin(request.session, timezone.now())


@receiver(authenticator_added)
def count_new_factor(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Whoever just showed a new factor need not show it again."""
    if authenticator.type in FACTORS:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


@receiver([authenticator_added, authenticator_removed, authenticator_reset])
def end_other_sessions(request: HttpRequest, user: User, **_: Any) -> None:
    """Sessions from before a change of factors are over, but for the one that made it."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    update_session_auth_hash(request, user)
    UserSession.objects.create_from_request(request)
