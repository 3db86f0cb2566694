"""How allauth behaves here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core import context
from allauth.core.exceptions import ReauthenticationRequired
from allauth.core.internal.httpkit import clean_client_ip
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest
from django.urls import reverse

from wellness.accounts.models import User
from wellness.accounts.presence import recently_authenticated
from wellness.budget import source_of

NOWHERE = "0.0.0.0"  # nosec B104 # noqa: S104  what is asked through a Unix socket comes from no address

CODE = "code"


class InvitationOnly(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up unasked: accounts are made by an invitation or by an operator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that limits count by, the same as those of the API."""
        return clean_client_ip(source_of(request.META)) or NOWHERE

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Whether a change of factors or password needs a new proof; a recent sign-in is one."""
        needed = not recently_authenticated(
            context.request, timedelta(seconds=app_settings.REAUTHENTICATION_TIMEOUT)
        )
        if needed and not get_reauthentication_flows(context.request.user):
            raise ReauthenticationRequired  # allauth would let somebody without a password go on
        return needed

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """How to prove again who one is: a password alone does not stand in for a second factor."""
        if not user.is_authenticated:
            return []
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        by_code = {
            "id": CODE,
            "description": "Send me a code by e-mail",
            "url": reverse("reauthenticate_by_code"),
        }
        allowed = [one for one in found if one["id"] != "reauthenticate" or not is_mfa_enabled(user)]
        return allowed or [by_code]

    def reauthenticate(self, user: User, password: str) -> bool:
        """Whether this is the user's password, and enough."""
        if is_mfa_enabled(user):
            return False
        proven = self.authenticate(context.request, email=user.email, password=password)
        return proven is not None and proven.pk == user.pk
