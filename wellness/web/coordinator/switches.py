"""The switches of a draft, one purpose at a time: for which data, needed or not, and on which terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.views.generic import TemplateView

from wellness.accounts.models import User
from wellness.consent.documents import Terms, document_digest, revise, scopes_of, terms_by_purpose
from wellness.consent.models import ConsentDocument
from wellness.consent.purposes import ANY, CONSENT_STREAMS, PURPOSES, STREAMLESS
from wellness.consent.wording import STREAMS
from wellness.lib.refusal import Refusal
from wellness.web.coordinator.documents import DraftPage

NO, MAY, MUST = "no", "may", "must"
CHOICES = ((NO, "not asked"), (MAY, "a switch"), (MUST, "needed to take part"))
STREAM = "stream-"  # before the name of a stream, in the names of fields


@dataclass(frozen=True)
class Offered:
    """What a document offers for one purpose, in words."""

    purpose: str
    means: str
    optional: tuple[str, ...]
    needed: tuple[str, ...]
    terms: Terms


def offered(document: ConsentDocument) -> list[Offered]:
    """Every purpose there is, with what the document offers for it."""
    scopes, terms = scopes_of(document), terms_by_purpose(document)

    def named(purpose: str, *, needed: bool) -> tuple[str, ...]:
        return in_words([stream for one, stream, said in scopes if (one, said) == (purpose, needed)])

    return [
        Offered(
            purpose,
            means,
            named(purpose, needed=False),
            named(purpose, needed=True),
            terms.get(purpose, Terms()),
        )
        for purpose, means in PURPOSES.items()
    ]


def in_words(streams: Sequence[str]) -> tuple[str, ...]:
    """Kinds of data as people call them, all of them in three words."""
    if len(streams) == len(CONSENT_STREAMS):
        return ("all kinds of data",)
    return tuple(stream_in_words(stream) for stream in streams)


def stream_in_words(stream: str) -> str:
    """A kind of data as people call it."""
    return STREAMS.get(stream, stream.replace("_", " "))


class TermsForm(forms.Form):
    """For which data a purpose is offered, and on which terms."""

    sha256 = forms.CharField(widget=forms.HiddenInput)
    retention_days = forms.IntegerField(
        label="Kept for how many days?",
        min_value=1,
        max_value=36_500,
        required=False,
        help_text="Empty: until the person withdraws.",
    )
    recipients = forms.CharField(label="Who gets to see it?", max_length=200, required=False)
    min_age = forms.IntegerField(label="From which age?", min_value=0, max_value=120, initial=0)
    valid_days = forms.IntegerField(
        label="Asked again after how many days?",
        min_value=1,
        max_value=36_500,
        required=False,
        help_text="Empty: never.",
    )

    def __init__(self, purpose: str, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        for stream in (ANY,) if purpose in STREAMLESS else CONSENT_STREAMS:
            label = capfirst(stream_in_words(stream))
            self.fields[STREAM + stream] = forms.ChoiceField(label=label, choices=CHOICES)
        self.order_fields([name for name in self.fields if name.startswith(STREAM)])

    def chosen(self) -> dict[str, str]:
        """What was chosen for each kind of data."""
        return {
            name.removeprefix(STREAM): value
            for name, value in self.cleaned_data.items()
            if name.startswith(STREAM)
        }

    def terms(self) -> Terms:
        """The terms that were chosen."""
        return Terms(**{name: self.cleaned_data[name] for name in asdict(Terms())})


class Switches(DraftPage, TemplateView):
    """Which switches does the draft offer for this purpose?"""

    template_name = "coordinator/document_switches.html"

    def may_enter(self, user: User) -> bool:
        return super().may_enter(user) and self.kwargs["purpose"] in PURPOSES

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        purpose = self.kwargs["purpose"]
        if "form" not in kwargs:
            kwargs["form"] = TermsForm(purpose, initial=self.standing(purpose))
        return super().get_context_data(**kwargs, means=PURPOSES[purpose])

    def post(self, request: HttpRequest, purpose: str, **_: Any) -> HttpResponse:
        form = TermsForm(purpose, request.POST)
        if form.is_valid() and self.saved(form, purpose):
            messages.success(request, "Saved. Earlier approvals count no more if this changed anything.")
            return redirect("consent_document", self.study.slug, self.document.public_id)
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def standing(self, purpose: str) -> dict[str, Any]:
        """What the draft says now of the purpose, as the form has it."""
        chosen = {
            STREAM + stream: MUST if needed else MAY
            for one, stream, needed in scopes_of(self.document)
            if one == purpose
        }
        terms = terms_by_purpose(self.document).get(purpose, Terms())
        return {"sha256": document_digest(self.document), **asdict(terms), **chosen}

    def saved(self, form: TermsForm, purpose: str) -> bool:
        """True when the draft offers that now; else the form says why not."""
        others = [scope for scope in scopes_of(self.document) if scope[0] != purpose]
        mine = [(purpose, stream, said == MUST) for stream, said in form.chosen().items() if said != NO]
        try:
            revise(
                document=self.document,
                scopes=[*others, *mine],
                terms=terms_by_purpose(self.document) | {purpose: form.terms()},
                by=self.user,
                sha256=form.cleaned_data["sha256"],
            )
        except Refusal as refusal:
            form.add_error(None, refusal.message)
            return False
        return True
