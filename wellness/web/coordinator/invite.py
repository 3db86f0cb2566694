"""Invitations: a code for somebody new, or for a phone of somebody who takes part; shown once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView

from wellness.accounts.models import User
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Membership, Phase, Role, Site, Study
from wellness.studies.services import enroll, invite
from wellness.web.coordinator.study import StudyPage


class NewcomerForm(forms.Form):
    """Under which name somebody new is known, and where they take part."""

    code = forms.CharField(
        label="Name in the study",
        max_length=40,
        help_text="A pseudonym: nothing that tells who it is.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    site = forms.ModelChoiceField(Site.objects.none(), label="Site", required=False, empty_label="none")
    zone = forms.CharField(
        label="Time zone",
        max_length=64,
        initial="UTC",
        help_text="As Europe/Helsinki. Their phone corrects it with what it sends.",
    )

    def __init__(self, study: Study, user: User, data: Any = None) -> None:
        super().__init__(data)
        held = Membership.objects.filter(study=study, user=user, role=Role.COORDINATOR, ended_at=None)
        bound = [one.site_id for one in held if one.site_id]
        sites = Site.objects.filter(study=study).order_by("name")
        field: Any = self.fields["site"]
        field.queryset = sites.filter(pk__in=bound) if bound else sites
        field.required = bool(bound)


class Invite(StudyPage, TemplateView):
    """Whom do I invite? Somebody new by a name in the study, or somebody who is there, for another phone."""

    roles = (Role.COORDINATOR,)
    template_name = "coordinator/invite.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, under=reverse("study_people", args=[self.study.slug]))

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.asked(NewcomerForm(self.study, self.user))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if "enrollment" in request.POST:
            return self.known(request.POST["enrollment"])
        form = NewcomerForm(self.study, self.user, request.POST)
        if not form.is_valid():
            return self.asked(form, status=422)
        try:
            with transaction.atomic():
                now, actor = timezone.now(), self.user.actor
                person = enroll(study=self.study, now=now, actor=actor, **form.cleaned_data)
                code = invite(enrollment=person, now=now, actor=actor, short=True)
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            return self.asked(form, status=422)
        return self.shown(person, code)

    def known(self, named: str) -> HttpResponse:
        """A code for somebody who is in the study already."""
        try:
            person = self.people().filter(public_id=UUID(named)).first()
        except ValueError:
            person = None
        if person is None:
            raise Http404
        code = invite(enrollment=person, now=timezone.now(), actor=self.user.actor, short=True)
        return self.shown(person, code)

    def people(self) -> QuerySet[Enrollment]:
        """Whom the coordinator's role covers and who has not left."""
        covered = Enrollment.objects.in_care_of(self.user, Role.COORDINATOR).filter(study=self.study)
        return covered.exclude(phase=Phase.WITHDRAWN)

    def asked(self, form: NewcomerForm, status: int = 200) -> HttpResponse:
        """The form for somebody new."""
        return self.render_to_response(self.get_context_data(form=form), status=status)

    def shown(self, person: Enrollment, code: str) -> HttpResponse:
        """The code, this once: it is kept nowhere, not even in a message to be shown later."""
        context = self.get_context_data(person=person, code=code)
        return render(self.request, "coordinator/invited.html", context)
