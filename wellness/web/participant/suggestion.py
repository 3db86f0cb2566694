"""A suggestion: seen, and answered."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from coach.delivery.models import Delivery
from coach.delivery.services import mark_opened, respond
from wellness.lib.refusal import Refusal
from wellness.web.access import ParticipantPage

THANKS = {
    Delivery.Response.DONE: "Well done. Your answer is saved.",
    Delivery.Response.NOT_NOW: "Fine, not now. Your answer is saved.",
    Delivery.Response.LESS: "Noted. Your answer is saved.",
}


class SuggestionPage(ParticipantPage):
    """Something done with a suggestion; only with one of mine that reached me."""

    def suggestion(self, public_id: UUID) -> Delivery:
        """My suggestion of that id; for anybody else's there is no such page."""
        found: Delivery | None = Delivery.objects.to(self.enrollment).filter(public_id=public_id).first()
        if found is None:
            raise Http404
        return found


class Opened(SuggestionPage):
    """It was on my screen: the page says so once it is shown, for looking at a page changes nothing."""

    def post(self, request: HttpRequest, delivery: UUID) -> HttpResponse:
        mark_opened(delivery=self.suggestion(delivery), now=timezone.now())
        return HttpResponse(status=204)


class Respond(SuggestionPage):
    """My answer to a suggestion."""

    def post(self, request: HttpRequest, delivery: UUID) -> HttpResponse:
        found = self.suggestion(delivery)
        try:
            answered = respond(delivery=found, response=request.POST.get("response", ""), now=timezone.now())
        except Refusal as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, THANKS[Delivery.Response(answered.response)])
        return redirect("today")
