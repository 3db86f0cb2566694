"""Reviews: was opening these records justified, and may these data leave?"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import TemplateView

from wellness.consent.emergency import judge, reason_of
from wellness.gateways.models import Release
from wellness.lib.refusal import Refusal
from wellness.studies.models import EmergencyAccess, Role
from wellness.web.coordinator.study import WholeStudyPage

LATEST = 50


class Reviews(WholeStudyPage, TemplateView):
    """Which records were opened in an emergency, by whom and why, and what was said of it?"""

    roles = (Role.ADMINISTRATOR,)
    template_name = "coordinator/reviews.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        accesses = EmergencyAccess.objects.filter(enrollment__study=self.study)
        accesses = accesses.select_related("enrollment__study", "user", "reviewed_by")
        waiting = [(one, reason_of(one)) for one in accesses.unreviewed()]
        judged = accesses.exclude(verdict="").order_by("-reviewed_at")[:LATEST]
        self.note("view.reviews", [one.enrollment for one in (*(one for one, _ in waiting), *judged)])
        asked = Release.objects.filter(study=self.study, approved_at=None).order_by("asked_at")
        return super().get_context_data(
            **kwargs,
            now=timezone.now(),
            waiting=waiting,
            judged=judged,
            releases=asked.select_related("asked_by"),
            verdicts=EmergencyAccess.Verdict.choices,
        )


class Judge(WholeStudyPage):
    """The verdict on one opened record."""

    roles = (Role.ADMINISTRATOR,)

    def post(self, request: HttpRequest, slug: str, access: UUID) -> HttpResponse:
        found = (
            EmergencyAccess.objects.filter(enrollment__study=self.study, public_id=access)
            .select_related("enrollment")
            .first()
        )
        if found is None:
            raise Http404
        try:
            judge(access=found, verdict=request.POST.get("verdict", ""), by=self.user, now=timezone.now())
        except Refusal as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, "Your verdict is kept, and the access is over.")
        return redirect("reviews", self.study.slug)
