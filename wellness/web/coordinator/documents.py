"""Consent documents of a study: what is offered to whom, in which language, and what is being drafted?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.generic import TemplateView

from wellness.accounts.models import User
from wellness.consent.documents import answerable, draft_next
from wellness.consent.models import ConsentDocument
from wellness.lib.refusal import Refusal
from wellness.studies.models import Study
from wellness.web.coordinator.study import RUNNING, StudyPage

LOCALE = RegexValidator(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,6})?$", "Write a language as en, fi or pt-BR.")


class DraftForm(forms.Form):
    """Whom the next version is for, and in which language."""

    audience = forms.ChoiceField(label="For", choices=ConsentDocument.Audience.choices)
    locale = forms.CharField(
        label="Language",
        max_length=10,
        initial="en",
        validators=[LOCALE],
        help_text="Its code: en, fi, pt-BR.",
    )


@dataclass(frozen=True)
class Line:
    """All versions for one audience in one language, the newest first."""

    audience: str
    locale: str
    versions: tuple[ConsentDocument, ...]

    @property
    def in_force(self) -> ConsentDocument | None:
        """The version that people are asked to agree to now."""
        published = (one for one in self.versions if one.state == ConsentDocument.State.PUBLISHED)
        return next(published, None)

    @property
    def is_drafted(self) -> bool:
        """Whether the next version is being written."""
        return self.versions[0].state == ConsentDocument.State.DRAFT


class Documents(StudyPage, TemplateView):
    """What do we ask people to agree to, and what comes next? Texts and versions, nothing of anyone."""

    roles = RUNNING
    template_name = "coordinator/documents.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", DraftForm())
        known, may_draft = (
            ConsentDocument.objects.filter(study=self.study),
            answers_for(self.study, self.user),
        )
        return super().get_context_data(**kwargs, lines=lines(known), may_draft=may_draft)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = DraftForm(request.POST)
        if form.is_valid() and (document := self.drafted(form)):
            return redirect("consent_document", self.study.slug, document.public_id)
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def drafted(self, form: DraftForm) -> ConsentDocument | None:
        """The new draft; None when the form says why there is none."""
        try:
            return draft_next(study=self.study, by=self.user, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, refusal.message)
            return None


class DocumentPage(StudyPage):
    """A page about one document of the study."""

    roles = RUNNING
    document: ConsentDocument

    def may_enter(self, user: User) -> bool:
        if not super().may_enter(user):
            return False
        found = ConsentDocument.objects.filter(study=self.study, public_id=self.kwargs["document"])
        document = found.select_related("study").first()
        if document is None:
            return False
        self.document = document
        return True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The document, with what the page adds."""
        context = {
            "document": self.document,
            "under": reverse("consent_documents", args=[self.study.slug]),
            "may_act": answers_for(self.study, self.user),
        }
        return super().get_context_data(**kwargs | context)


class DraftPage(DocumentPage):
    """A page that changes a draft; for who may only read, and of what is published, there is no such page."""

    def may_enter(self, user: User) -> bool:
        is_draft = super().may_enter(user) and self.document.state == ConsentDocument.State.DRAFT
        return is_draft and answers_for(self.study, user)


def answers_for(study: Study, user: User) -> bool:
    """Whether the user may act on documents; a coordinator of one site reads them only."""
    return answerable(study).filter(user=user).exists()


def lines(documents: Iterable[ConsentDocument]) -> list[Line]:
    """The versions by audience and language."""
    found: dict[tuple[str, str], list[ConsentDocument]] = {}
    for one in sorted(documents, key=lambda one: (one.audience, one.locale, -one.version)):
        found.setdefault((one.get_audience_display(), one.locale), []).append(one)
    return [Line(*named, tuple(versions)) for named, versions in found.items()]
