"""Where am I signed in? One's own sessions, and ending them, which asks for a fresh proof."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import View

from wellness.accounts.models import User
from wellness.accounts.presence import require_recent
from wellness.audit.services import account_chain, record


class OwnSessions(ListUserSessionsView):  # type: ignore[misc]  # allauth has no types
    """All of them, and signing out everywhere else."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        require_recent(request)
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response


class EndSession(LoginRequiredMixin, View):
    """One of my sessions opens nothing from its next request on."""

    def post(self, request: HttpRequest, session: int) -> HttpResponse:
        assert isinstance(request.user, User)  # nosec B101 # noqa: S101  signed in, says the mixin
        user = request.user
        found = UserSession.objects.filter(user=user, pk=session).first()
        if found is None:
            raise Http404
        require_recent(request)
        with transaction.atomic():
            record(
                chain=account_chain(user.actor),
                actor=user.actor,
                action="session.end",
                object=f"session:{found.pk}",
            )
            end_sessions(request, [found])
        messages.success(request, "Ended. Whoever used it has to sign in again.")
        return redirect("usersessions_list")
