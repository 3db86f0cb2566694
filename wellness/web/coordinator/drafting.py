"""The text of a draft: section by section, with what is still missing beside each."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.views.generic import TemplateView

from wellness.consent.documents import document_digest, revise
from wellness.consent.models import ConsentDocument
from wellness.consent.models.document import GRACE_DAYS
from wellness.consent.modes import SECTION as MODES
from wellness.consent.modes import WITHDRAWAL_MODES, offered
from wellness.consent.validity import SECTIONS, findings
from wellness.consent.wording import SECTION_TITLES
from wellness.lib.refusal import Refusal
from wellness.web.coordinator.documents import DraftPage

LONGEST = 10_000
MODES_IN_WORDS = {
    "stop": "Stop: what is kept stays for the remaining uses",
    "stop_anonymise": "Stop and make anonymous",
    "stop_erase": "Stop and erase",
    "regulatory_hold": "Stop and lock for regulators",
}


class TextForm(forms.Form):
    """Everything that a draft says, and how the change is to be taken."""

    sha256 = forms.CharField(widget=forms.HiddenInput)
    change = forms.ChoiceField(
        label="What kind of change is it?",
        choices=ConsentDocument.Change.choices,
        help_text="Material: everybody is asked to agree again. Editorial: no switch differs, and nobody is.",
    )
    grace_days = forms.IntegerField(
        label="Days of grace",
        min_value=0,
        max_value=GRACE_DAYS,
        help_text="How long, after a material change, earlier agreement holds to what stayed the same.",
    )

    def __init__(self, document: ConsentDocument, data: Any = None) -> None:
        super().__init__(data, initial=_said(document))
        missing = {name: one.message for one in findings(document) for name in one.sections}
        for name in SECTIONS:
            self.fields[name] = forms.CharField(
                label=SECTION_TITLES[name],
                required=False,
                max_length=LONGEST,
                widget=forms.Textarea(attrs={"rows": 3}),
            )
        self.fields[MODES] = forms.MultipleChoiceField(
            label="Ways to leave that are offered",
            help_text="None chosen: stopping, and stopping and erasing.",
            required=False,
            choices=[(mode, MODES_IN_WORDS[mode]) for mode in WITHDRAWAL_MODES],
            widget=forms.CheckboxSelectMultiple,
        )
        for name in missing.keys() & self.fields.keys():
            words = "Nothing is said about this yet." if not self.initial.get(name) else missing[name]
            self.fields[name].help_text = format_html('<span class="error-text">{}</span>', words)

    def body(self) -> dict[str, str]:
        """The sections that say something."""
        chosen = self.cleaned_data
        said = {name: chosen[name].strip() for name in SECTIONS if chosen[name].strip()}
        return said | ({MODES: " ".join(chosen[MODES])} if chosen[MODES] else {})


class Drafting(DraftPage, TemplateView):
    """What does the draft say, and what is still missing?"""

    template_name = "coordinator/document_text.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", TextForm(self.document))
        return super().get_context_data(**kwargs, n_lacking=len(findings(self.document)))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = TextForm(self.document, request.POST)
        if form.is_valid() and self.saved(form):
            messages.success(request, "Saved. Earlier approvals count no more if this changed anything.")
            return redirect("consent_document", self.study.slug, self.document.public_id)
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def saved(self, form: TextForm) -> bool:
        """True when the draft says that now; else the form says why not."""
        chosen = form.cleaned_data
        try:
            revise(
                document=self.document,
                body=form.body(),
                change=chosen["change"],
                grace_days=chosen["grace_days"],
                by=self.user,
                sha256=chosen["sha256"],
            )
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            return False
        return True


def _said(document: ConsentDocument) -> dict[str, Any]:
    """What the draft says now, as the form has it."""
    return {
        **document.body,
        MODES: list(offered(document.body)) if document.body.get(MODES) else [],
        "change": document.change,
        "grace_days": document.grace_days,
        "sha256": document_digest(document),
    }
