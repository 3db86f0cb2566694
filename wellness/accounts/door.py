"""Between a session and a page: what lasted too long ends, and staff need a second factor to go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from wellness.accounts import lifetime
from wellness.accounts.models import User
from wellness.accounts.presence import has_second_factor
from wellness.accounts.staff import works_here

PROGRAMS = ("/api/", "/_allauth/")  # who asks there wants no page
# To set up a factor, or leave, or get help.
OPEN = ("mfa_index", "account_logout", "account_reauthenticate", "account_login", "help")


class Door:
    """Middleware; requests without a session cookie pass untouched."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        refused = _refused(request) if settings.SESSION_COOKIE_NAME in request.COOKIES else None
        return _for_htmx(request, refused or self.get_response(request))


def is_over(session: SessionBase, user: User, now: datetime) -> bool:
    """Whether the session is too old; who works here is asked only where the answer matters."""
    if not lifetime.is_over(session, lifetime.STAFF, now):
        return False
    return lifetime.is_over(session, lifetime.OTHERS, now) or works_here(user)


def _refused(request: HttpRequest) -> HttpResponse | None:
    user, now = request.user, timezone.now()
    if not isinstance(user, User):
        return None
    if is_over(request.session, user, now):
        logout(request)
        return _signed_out(request)
    lifetime.note(request.session, now)
    if not has_second_factor(request) and not _is_open(request.path) and works_here(user):
        return _needs_factor(request)
    return None


def _is_open(path: str) -> bool:
    return any(path.startswith(reverse(name)) for name in OPEN)


def _signed_out(request: HttpRequest) -> HttpResponse | None:
    """For programs a refusal; a page asks for the sign-in itself where it needs one."""
    if request.path.startswith(PROGRAMS):
        return _error("session_over", "Sign in again.", status=401)
    return None


def _needs_factor(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(PROGRAMS):
        return _error("second_factor_required", "Set up a second factor first.", status=403)
    return redirect("mfa_index")


def _error(code: str, message: str, *, status: int) -> HttpResponse:
    return JsonResponse(
        {"errors": [{"code": code, "message": message, "field": ""}], "retry": False}, status=status
    )


def _for_htmx(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A redirect to the sign-in or the set-up of factors moves the whole page, not a part of it."""
    htmx = getattr(request, "htmx", None)
    target = response.get("Location", "")
    login, factors = resolve_url(settings.LOGIN_URL), reverse("mfa_index")
    if not htmx or not target.startswith((login, factors)):
        return response
    whole = HttpResponse(status=401 if target.startswith(login) else 403)
    shown = htmx.current_url_abs_path or "/"
    whole["HX-Redirect"] = f"{login}?{urlencode({'next': shown})}" if target.startswith(login) else factors
    return whole
