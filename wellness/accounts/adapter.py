"""How allauth behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class InvitationOnly(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up unasked: accounts are made by an invitation or by an operator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
