"""Is this receipt real, and does it still hold? Open to everybody who holds one."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.generic import View

from wellness.budget import source_of
from wellness.consent.presented import MAX_CHARS, Presented, present
from wellness.consent.receipts_api import require_patience
from wellness.lib.refusal import Refusal


class ReceiptForm(forms.Form):
    """The text of a receipt."""

    receipt = forms.CharField(
        label="Receipt",
        max_length=MAX_CHARS,
        widget=forms.Textarea(attrs={"rows": 8, "class": "form-control", "spellcheck": "false"}),
    )


class Verify(View):
    """A form that takes a receipt, and what may be said of it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(ReceiptForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form, now = ReceiptForm(request.POST), timezone.now()
        try:
            require_patience(source_of(request.META), now)
            if form.is_valid():
                return self.page(form, present("".join(form.cleaned_data["receipt"].split()), now=now))
        except Refusal as refusal:
            form.is_valid()
            form.add_error("receipt", refusal.message)
            return self.page(form, status=refusal.status)
        return self.page(form, status=422)

    def page(self, form: ReceiptForm, found: Presented | None = None, status: int = 200) -> HttpResponse:
        """The form, with the answer above it."""
        response = render(self.request, "verify.html", {"form": form, "found": found}, status=status)
        response["Cache-Control"] = "no-store"
        return response
