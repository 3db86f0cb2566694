"""The front door, and pages that need no sign-in."""

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.generic import TemplateView, View

from wellness.accounts.models import User
from wellness.web.access import surfaces

HOMES = {"participant": "today", "clinician": "caseload", "coordinator": "studies"}


class Home(LoginRequiredMixin, View):
    """Where do I go? Straight to the only place, or a choice of several."""

    def get(self, request: HttpRequest) -> HttpResponse:
        assert isinstance(request.user, User)  # nosec B101 # noqa: S101  signed in, says the mixin
        found = surfaces(request.user)
        if len(found) == 1:
            return redirect(HOMES[found[0]])
        return render(request, "home.html", {"places": found})


class Help(TemplateView):
    """Who can help me now? Static: no sign-in, no consent, no data."""

    template_name = "help.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title="Need help now?", **kwargs)
