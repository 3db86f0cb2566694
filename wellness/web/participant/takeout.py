"""My copy: everything that is kept of me, to take with me."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import TemplateView

from wellness.gateways.models import Takeout
from wellness.gateways.takeout.api import as_file
from wellness.gateways.takeout.services import ask, fetch
from wellness.lib.refusal import Refusal
from wellness.web.access import ParticipantPage


class Takeouts(ParticipantPage, TemplateView):
    """Ask for a copy, and see which ones are ready."""

    template_name = "participant/takeout.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = Takeout.objects.filter(enrollment=self.enrollment)
        return super().get_context_data(
            **kwargs,
            study=self.enrollment.study,
            waiting=mine.filter(state=Takeout.State.ASKED).first(),
            ready=mine.ready(timezone.now()).order_by("-made_at"),
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            ask(enrollment=self.enrollment, actor=self.user.actor, now=timezone.now())
        except Refusal as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, "Your copy is being made. It takes a few minutes.")
        return redirect("takeouts")


class FetchTakeout(ParticipantPage):
    """One of my copies, as a zip file."""

    def get(self, request: HttpRequest, takeout: UUID) -> HttpResponseBase:
        now = timezone.now()
        mine = Takeout.objects.filter(enrollment=self.enrollment).select_related("enrollment__study")
        found = mine.ready(now).filter(public_id=takeout).first()
        if found is None:
            raise Http404
        try:
            return as_file(found, fetch(found, actor=self.user.actor, now=now))
        except Refusal as refusal:
            messages.error(request, refusal.message)
            return redirect("takeouts")
