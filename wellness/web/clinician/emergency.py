"""Emergency: a record that is not in my care, and that cannot wait."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from wellness.accounts.models import User
from wellness.accounts.presence import has_second_factor, require_recent
from wellness.consent.emergency import LEAST_REASON, NotToBeOpened, open_record
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Role, Study
from wellness.web.access import StaffPage


class EmergencyForm(forms.Form):
    """Whose record, and why it cannot wait."""

    study = forms.ModelChoiceField(Study.objects.none(), label="Study", to_field_name="slug")
    code = forms.CharField(label="Name of the person in the study", max_length=40)
    reason = forms.CharField(
        label="Why can this not wait for somebody in whose care the person is?",
        help_text=f"{LEAST_REASON} characters or more. The privacy officer reads it.",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        mine = Study.objects.staffed_by(user, Role.CLINICIAN).order_by("name")
        self.fields["study"].queryset = mine  # type: ignore[attr-defined]
        self.initial = {"study": first.slug} if (first := mine.first()) else {}


class Emergency(StaffPage):
    """Open one record for four hours: with a reason and a fresh second factor, and others are told."""

    roles = (Role.CLINICIAN,)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(EmergencyForm(self.user))

    def post(self, request: HttpRequest) -> HttpResponse:
        require_recent(request)
        form = EmergencyForm(self.user, request.POST)
        if not has_second_factor(request):
            form.add_error(None, "Opening a record needs a second factor.")
        elif form.is_valid() and (person := self.opened(form)):
            return redirect("person", person.public_id)
        return self.page(form, status=422)

    def opened(self, form: EmergencyForm) -> Enrollment | None:
        """The person whose record is open now; None when the form says why it is not."""
        chosen, now = form.cleaned_data, timezone.now()
        people = Enrollment.objects.in_studies_of(self.user, Role.CLINICIAN)
        person = people.filter(study=chosen["study"], code=chosen["code"]).first()
        try:
            if person is None:
                raise NotToBeOpened
            if not Enrollment.objects.in_care_of(self.user, Role.CLINICIAN).filter(pk=person.pk).exists():
                open_record(enrollment=person, user=self.user, reason=chosen["reason"], now=now)
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            return None
        return person

    def page(self, form: EmergencyForm, status: int = 200) -> HttpResponse:
        """The form, or why it was not enough."""
        return render(self.request, "clinician/emergency.html", {"form": form}, status=status)
