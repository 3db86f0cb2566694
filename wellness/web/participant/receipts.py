"""My receipts: what did I agree to, when, and in which words?"""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.generic import ListView

from wellness.consent.copies import pdf_copy, signature_block
from wellness.consent.models import ConsentEvent
from wellness.consent.presented import standing
from wellness.consent.receipts import issued, own_events, read
from wellness.consent.wording import scopes_in_words
from wellness.web.access import ParticipantPage

STANDINGS = {
    "current": "in force",
    "superseded": "changed since",
    "withdrawn": "no longer in force",
}


class Receipts(ParticipantPage, ListView):  # type: ignore[type-arg]  # not subscriptable at run time
    """Everything I agreed to and took back."""

    template_name = "participant/receipts.html"
    context_object_name = "events"
    paginate_by = 30

    def get_queryset(self) -> QuerySet[ConsentEvent]:
        return own_events(self.enrollment)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, study=self.enrollment.study)


class OwnReceipt(ParticipantPage):
    """One of my acts of consent."""

    action = "view"

    def get(self, request: HttpRequest, event: UUID) -> HttpResponse:
        found = own_events(self.enrollment).filter(public_id=event).first()
        if found is None:
            raise Http404
        now = timezone.now()
        read(found, actor=self.user.actor, action=self.action, now=now)
        return self.shown(found)

    def shown(self, event: ConsentEvent) -> HttpResponse:
        """The page of the act: its words, its signature, its receipt."""
        context = {
            "event": event,
            "study": self.enrollment.study,
            "scopes": scopes_in_words(event.scopes),
            "signature": signature_block(event, zone=self.zone()),
            "standing": STANDINGS[standing(event, now=timezone.now())],
            "receipt": issued(event),
        }
        return render(self.request, "participant/receipt.html", context)


class ReceiptCopy(OwnReceipt):
    """One of my acts of consent as a PDF."""

    action = "copy"

    def shown(self, event: ConsentEvent) -> HttpResponse:
        """The file, to keep."""
        response = HttpResponse(pdf_copy(event, zone=self.zone()), content_type="application/pdf")
        response["Content-Disposition"] = f'attachment; filename="consent-{event.at:%Y-%m-%d}.pdf"'
        return response
