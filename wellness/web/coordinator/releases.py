"""Analysis: which data without identity may I take?"""

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import TemplateView

from wellness.consent.purposes import EXPORT_DEIDENTIFIED
from wellness.gateways.models import Release
from wellness.gateways.release.services import FORMATS, approve, ask, made
from wellness.gateways.release.table import K, agreed
from wellness.gateways.release.takers import ACTION, about
from wellness.lib.refusal import Refusal
from wellness.studies.models import Role
from wellness.web.coordinator.study import WholeStudyPage
from wellness.web.trail import looked_over

TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


class Releases(WholeStudyPage, TemplateView):
    """How many people let what leave, and what may I take? Counts below the least are not told."""

    roles = (Role.ANALYST,)
    template_name = "coordinator/releases.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, people = timezone.now(), agreed(self.study, timezone.now())
        counted = Counter(name for names in people.values() for name in names)
        self.note("view.releases", [])
        mine = Release.objects.filter(study=self.study, asked_by=self.user).order_by("-asked_at")
        return super().get_context_data(
            **kwargs,
            least=K,
            n_people=len(people) if len(people) >= K else None,
            counts=sorted((name, n) for name, n in counted.items() if n >= K),
            waiting=mine.filter(approved_at=None),
            ready=mine.takeable_by(self.user, now),
            formats=FORMATS,
        )

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            ask(study=self.study, why=request.POST.get("why", ""), by=self.user, now=timezone.now())
        except Refusal as refusal:
            messages.error(request, refusal.message)
            return self.render_to_response(self.get_context_data(), status=422)
        messages.success(request, "An administrator has to approve it.")
        return redirect("releases", self.study.slug)


class TakeRelease(WholeStudyPage):
    """One approved release as a file, made from what people agree to at this moment."""

    roles = (Role.ANALYST,)

    def get(self, request: HttpRequest, slug: str, release: UUID) -> HttpResponse:
        now, format_ = timezone.now(), request.GET.get("format", "csv")
        mine = Release.objects.takeable_by(self.user, now).filter(study=self.study, public_id=release)
        found = mine.select_related("study").first()
        if found is None or format_ not in FORMATS:
            raise Http404
        table, body = made(found, format_, now)
        looked_over(
            table.people,
            user=self.user,
            action=ACTION,
            purpose=EXPORT_DEIDENTIFIED,
            now=now,
            about=about(found),
            role=Role.ANALYST,
        )
        response = HttpResponse(body, content_type=TYPES[format_])
        response["Content-Disposition"] = f'attachment; filename="{self.study.slug}-days.{format_}"'
        return response


class ApproveRelease(WholeStudyPage):
    """The second person's yes to a release."""

    roles = (Role.ADMINISTRATOR,)

    def post(self, request: HttpRequest, slug: str, release: UUID) -> HttpResponse:
        found = Release.objects.filter(study=self.study, public_id=release).select_related("study").first()
        if found is None:
            raise Http404
        try:
            approve(release=found, by=self.user, now=timezone.now())
        except Refusal as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, "Approved: it may be taken for a week.")
        return redirect("reviews", self.study.slug)
