"""Is it still you? For people without a password or a second factor: a code by e-mail."""

from __future__ import annotations

from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.core import ratelimit
from allauth.core.internal.cryptokit import compare_user_code
from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.generic import View

from wellness.accounts.models import User

SENT = "wellness.proof"


class CodeForm(forms.Form):
    """The code that was sent."""

    code = forms.CharField(
        label="Code from the e-mail",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )


class ByCode(LoginRequiredMixin, View):
    """Asks for a code by e-mail, then goes on with what the person was about to do."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        if "send" in request.POST:
            return self.send(request)
        form, sent = CodeForm(request.POST), self.sent()
        if form.is_valid() and sent and self.is_right(sent, form.cleaned_data["code"]):
            del request.session[SENT]
            record_authentication(request, self.user, "code", reauthenticated=True)
            return resume_request(request) or redirect("home")
        if form.is_valid():
            form.add_error("code", "That is not the code that was sent, or it is too old.")
        return self.page(form, status=422)

    def send(self, request: HttpRequest) -> HttpResponse:
        """A new code is on its way; the one before no longer counts."""
        if not ratelimit.consume(request, action="request_login_code", key=self.user.email):
            messages.error(request, "Too many codes were asked for; try again in a minute.")
            return self.page(CodeForm(), status=429)
        adapter = get_adapter()
        code = adapter.generate_login_code()
        request.session[SENT] = {"code": code, "at": timezone.now().timestamp(), "tries": 0}
        adapter.send_mail("account/email/login_code", self.user.email, {"request": request, "code": code})
        return self.page(CodeForm())

    def sent(self) -> dict[str, Any] | None:
        """The code that was sent, while it counts."""
        sent: dict[str, Any] | None = self.request.session.get(SENT)
        age = timezone.now().timestamp() - sent["at"] if sent else 0
        return sent if age <= app_settings.LOGIN_BY_CODE_TIMEOUT else None

    def is_right(self, sent: dict[str, Any], code: str) -> bool:
        """Whether this is the code; after five wrong ones none is."""
        sent["tries"] += 1
        self.request.session[SENT] = sent
        few = sent["tries"] <= app_settings.LOGIN_BY_CODE_MAX_ATTEMPTS
        return few and bool(compare_user_code(actual=code, expected=sent["code"]))

    @property
    def user(self) -> User:
        """Who is signed in."""
        assert isinstance(self.request.user, User)  # noqa: S101  # nosec B101  the mixin let nobody else in
        return self.request.user

    def page(self, form: CodeForm, status: int = 200) -> HttpResponse:
        """The question, and the code's field once it was sent."""
        context = {"form": form, "is_sent": self.sent() is not None}
        return render(self.request, "account/reauthenticate_by_code.html", context, status=status)
