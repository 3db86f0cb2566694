"""How do I join? With the code of an invitation."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.core import ratelimit
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.generic import View

from wellness.accounts.models import User
from wellness.lib.refusal import Refusal
from wellness.studies.joining import wait_for_sign_in
from wellness.studies.models import Invitation
from wellness.studies.patience import require_patience
from wellness.studies.services import InvitationRefused, recognise, take_part


class JoinForm(forms.Form):
    """The code, and for those who are not signed in the address that their account will have."""

    code = forms.CharField(
        label="Code of your invitation",
        max_length=100,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    email = forms.EmailField(
        label="Your e-mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def __init__(self, *args: Any, knows_address: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if knows_address:
            del self.fields["email"]


class Join(View):
    """Enter the code; a code by e-mail then proves the address, and signs in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(self.form(), status=200)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.page(form, status=422)
        try:
            return self.entered(self.recognised(form.cleaned_data["code"]), form.cleaned_data.get("email"))
        except Refusal as refusal:
            form.add_error("code", refusal.message)
            return self.page(form, status=429 if refusal.retry else 422)

    def recognised(self, code: str) -> Invitation:
        """The invitation of the code; a wrong one is counted against where it came from."""
        now, meta = timezone.now(), self.request.META
        require_patience(meta, now=now)
        try:
            return recognise(code=code, now=now)
        except InvitationRefused:
            require_patience(meta, now=now, spend=1)
            raise

    def entered(self, invitation: Invitation, address: str | None) -> HttpResponse:
        """For somebody signed in the study; for others the page that asks for the code by e-mail."""
        if isinstance(self.request.user, User):
            take_part(invitation=invitation, user=self.request.user, now=timezone.now())
            return redirect("home")
        assert address  # noqa: S101  # nosec B101  the form asks for it
        address = address.lower()
        if not ratelimit.consume(self.request, action="request_login_code", key=address):
            message = "Too many codes were asked for; try again in a minute."
            raise Refusal("too_many_codes", message, status=429, retry=True)
        user = User.objects.filter(email=address).first() or User.objects.create_user(address)
        wait_for_sign_in(self.request.session, invitation)
        LoginCodeVerificationProcess.initiate(request=self.request, user=user, email=address)
        return redirect("account_confirm_login_code")

    def form(self, data: Any = None) -> JoinForm:
        """The form, empty or filled in."""
        return JoinForm(data, knows_address=self.request.user.is_authenticated)

    def page(self, form: JoinForm, *, status: int) -> HttpResponse:
        """The form as a page that nobody keeps."""
        response = render(self.request, "join.html", {"form": form}, status=status)
        response["Cache-Control"] = "no-store"
        return response
