"""People of a study: who cares for whom?"""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import ListView

from wellness.accounts.models import User
from wellness.lib.refusal import Refusal
from wellness.studies.models import Assignment, Enrollment, Membership, Role, Study
from wellness.studies.services import assign, unassign
from wellness.web.coordinator.study import RUNNING, StudyPage

PAGE = 100


class AssignmentForm(forms.Form):
    """Whom to assign to which clinician, or no longer."""

    enrollment = forms.UUIDField()
    clinician = forms.UUIDField()
    act = forms.ChoiceField(choices=[("assign", "Assign"), ("unassign", "End")])


class People(StudyPage, ListView):  # type: ignore[type-arg]  # not subscriptable at run time
    """Who cares for whom? Pseudonyms, sites and phases; nothing of what anyone sent."""

    roles = RUNNING
    template_name = "coordinator/people.html"
    context_object_name = "people"
    paginate_by = PAGE

    def get_queryset(self) -> QuerySet[Enrollment]:
        """Everyone the user's roles cover in this study, by code."""
        current = Assignment.objects.active().select_related("user").order_by("created_at")
        return (
            Enrollment.objects.in_care_of(self.user, *RUNNING)
            .filter(study=self.study)
            .select_related("site")
            .prefetch_related(Prefetch("assignments", current, "carers"))
            .order_by("code")
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        coordinates = Study.objects.staffed_by(self.user, Role.COORDINATOR).filter(pk=self.study.pk).exists()
        context = super().get_context_data(**kwargs, clinicians=self.clinicians(), may_invite=coordinates)
        self.note("view.people", context["people"])
        return context

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = AssignmentForm(request.POST)
        if not form.is_valid():
            messages.error(request, "Choose a person and a clinician.")
            return redirect("study_people", self.study.slug)
        chosen = form.cleaned_data
        person = self.get_queryset().filter(public_id=chosen["enrollment"]).first()
        held = self.clinicians().filter(user__public_id=chosen["clinician"]).first()
        if person is None or held is None:
            raise Http404
        self.move(person, held.user, chosen["act"])
        return redirect("study_people", self.study.slug)

    def clinicians(self) -> QuerySet[Membership]:
        """Who may be assigned anybody here."""
        held = Membership.objects.filter(study=self.study, role=Role.CLINICIAN, ended_at=None)
        return held.select_related("user", "site").order_by("pk")

    def move(self, person: Enrollment, clinician: User, act: str) -> None:
        """Assign or end, and say what came of it."""
        change = assign if act == "assign" else unassign
        try:
            change(enrollment=person, clinician=clinician, by=self.user, now=timezone.now())
        except Refusal as refusal:
            messages.error(self.request, refusal.message)
        else:
            messages.success(self.request, f"Saved for {person.code}. It holds from now on.")
