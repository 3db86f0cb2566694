"""Leave: stop one use, stop all, or go for good; one page, one press, nobody to ask."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.generic import View

from wellness.consent import modes
from wellness.consent.erasure import receipts
from wellness.consent.models import ConsentEvent, ConsentState
from wellness.consent.modes import ERASE, LEAVING, STOP
from wellness.consent.purposes import ANY, PURPOSES
from wellness.consent.services import withdraw
from wellness.lib.refusal import Refusal
from wellness.web.access import ParticipantPage
from wellness.web.proof import signing_of

EVERYTHING = "everything"


class Leave(ParticipantPage):
    """What may I take back, and what happens then?"""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page()

    def post(self, request: HttpRequest) -> HttpResponse:
        mode, purpose = request.POST.get("mode", STOP), request.POST.get("purpose", "")
        whole = mode != STOP or purpose == EVERYTHING
        if not whole and purpose not in PURPOSES:
            return self.page("Choose what to stop.", status=422)
        try:
            event = withdraw(
                enrollment=self.enrollment,
                now=timezone.now(),
                scopes=None if whole else [(purpose, ANY)],
                mode=mode,
                signer=self.user,
                signing=signing_of(request),
            )
        except Refusal as refusal:
            return self.page(refusal.message, status=refusal.status)
        return self.after(request, event)

    def after(self, request: HttpRequest, event: ConsentEvent) -> HttpResponse:
        """Back to the page, or out: who left for good has no page of their own any more."""
        if event.withdrawal_mode not in LEAVING:
            messages.success(request, "It is stopped, from now on.")
            return redirect("leave")
        if not self.user.enrollments.of(self.user).exists():
            logout(request)
        if event.withdrawal_mode == ERASE:
            return redirect("deletion_page", token=receipts.token_of(event.public_id))
        return render(request, "participant/left.html", {"mode": event.withdrawal_mode})

    def page(self, problem: str = "", status: int = 200) -> HttpResponse:
        """What is in force and may be stopped, and the ways to go."""
        held = ConsentState.objects.held().filter(enrollment=self.enrollment)
        given = set(held.values_list("purpose", flat=True))
        last = ConsentEvent.objects.filter(enrollment=self.enrollment).order_by("-seq").first()
        context = {
            "study": self.enrollment.study,
            "purposes": [(name, words) for name, words in PURPOSES.items() if name in given],
            "modes": modes.offered(last.document.body) if last else (),
            "problem": problem,
        }
        return render(self.request, "participant/leave.html", context, status=status)


class DeletionPage(View):
    """The receipt of my erasure, for whoever holds its address: there is no account any more."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        found: dict[str, Any] | None = receipts.shown(token)
        if found is None:
            raise Http404
        erased = sorted(found["statement"].get("erased", {}).items())
        response = render(request, "deletion.html", {"receipt": found, "erased": erased, "token": token})
        response["Cache-Control"] = "no-store"
        return response
