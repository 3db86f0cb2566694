"""Team of a study: who works here, and as what?"""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import TemplateView

from wellness.accounts.models import User
from wellness.lib.refusal import Refusal
from wellness.studies.models import Membership, Reach, Role, Site, Study
from wellness.studies.services import add_member, end_member
from wellness.web.coordinator.study import WholeStudyPage


class MemberForm(forms.Form):
    """A role for an account."""

    email = forms.EmailField(label="E-mail address")
    role = forms.ChoiceField(label="Role", choices=Role.choices)
    site = forms.ModelChoiceField(
        Site.objects.none(), label="Site", required=False, empty_label="the whole study"
    )
    reach = forms.ChoiceField(label="A clinician sees", choices=Reach.choices, required=False)

    def __init__(self, study: Study, data: Any = None) -> None:
        super().__init__(data, initial={"role": Role.CLINICIAN})
        self.study = study
        self.fields["site"].queryset = Site.objects.filter(study=study)  # type: ignore[attr-defined]

    def clean_email(self) -> User:
        """The account of that address."""
        found = User.objects.filter(email=self.cleaned_data["email"].lower()).first()
        if found is None:
            raise forms.ValidationError("No account has this address. Accounts are made by invitation.")
        return found


class Team(WholeStudyPage, TemplateView):
    """Who works here, and as what? Roles begin and end with the next request."""

    roles = (Role.ADMINISTRATOR,)
    template_name = "coordinator/team.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", MemberForm(self.study))
        self.note("view.team", [])
        return super().get_context_data(**kwargs, members=self.members())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if "end" in request.POST:
            return self.end(request.POST["end"])
        form = MemberForm(self.study, request.POST)
        if form.is_valid() and self.added(form):
            messages.success(request, "The role is given. It holds from now on.")
            return redirect("team", self.study.slug)
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def members(self) -> QuerySet[Membership]:
        """Who holds a role now."""
        held = Membership.objects.filter(study=self.study, ended_at=None)
        return held.select_related("user", "site").order_by("role", "pk")

    def added(self, form: MemberForm) -> bool:
        """True when the role is given; else the form says why not."""
        chosen = form.cleaned_data
        try:
            add_member(
                study=self.study,
                user=chosen["email"],
                role=chosen["role"],
                site=chosen["site"],
                reach=chosen["reach"] or Reach.SITE,
                actor=self.user.actor,
            )
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            return False
        return True

    def end(self, named: str) -> HttpResponse:
        """End one role of this study."""
        member = self.members().filter(pk=int(named)).first() if named.isdecimal() else None
        if member is None:
            raise Http404
        try:
            end_member(member=member, actor=self.user.actor, now=timezone.now())
        except Refusal as refusal:
            messages.error(self.request, refusal.message)
        else:
            messages.success(self.request, "The role has ended.")
        if self.may_enter(self.user):
            return redirect("team", self.study.slug)
        return redirect("home")  # they gave up the role that opens this page
