"""Locked data: what a signed document keeps of people who left, for inspections."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.generic import TemplateView

from wellness.accounts.presence import require_recent
from wellness.consent.holding import LONGEST_REASON, open_held
from wellness.gateways.takeout.making import inspected
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Role
from wellness.web.coordinator.study import StudyPage


class Locked(StudyPage, TemplateView):
    """Whose data are locked, and what do they say? Each look takes a reason and is in the person's record."""

    roles = (Role.REGULATOR,)
    template_name = "coordinator/locked.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        people = list(self.people())
        self.note("view.locked", people)
        return super().get_context_data(**kwargs, people=people, longest=LONGEST_REASON)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        require_recent(request)
        try:
            named = UUID(request.POST.get("enrollment", ""))
        except ValueError:
            raise Http404 from None
        if not self.people().filter(public_id=named).exists():
            raise Http404
        now, reason = timezone.now(), request.POST.get("reason", "")
        try:
            person = open_held(enrollment_id=named, user=self.user, reason=reason, now=now)
        except Refusal as refusal:
            context = self.get_context_data(refused=named, problem=refusal.message, reason=reason)
            return self.render_to_response(context, status=422)
        response = HttpResponse(inspected(person, now), content_type="application/json")
        response["Content-Disposition"] = f'attachment; filename="{self.study.slug}-{person.code}.json"'
        return response

    def people(self) -> QuerySet[Enrollment]:
        """Whom the user's role as a regulator reaches here."""
        return Enrollment.objects.held_for(self.user).filter(study=self.study).order_by("code")
