"""One consent document: what does it say, what is new in it, and may it come into force?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import TemplateView

from wellness.accounts.presence import require_recent
from wellness.consent import approvals
from wellness.consent.documents import document_digest
from wellness.consent.models import ConsentDocument
from wellness.consent.publishing import in_force, publish, retire
from wellness.consent.validity import SECTIONS, findings
from wellness.consent.wording import SECTION_TITLES
from wellness.lib.refusal import Refusal
from wellness.web.coordinator.documents import DocumentPage
from wellness.web.coordinator.switches import offered
from wellness.web.coordinator.versions import comparison


class OneDocument(DocumentPage, TemplateView):
    """What does this version say, what is new in it, and what does it take to come into force?"""

    template_name = "coordinator/document.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        document, is_draft = self.document, self.document.state == ConsentDocument.State.DRAFT
        before = in_force(document).first() if is_draft else document.supersedes
        given = list(approvals.counted(document))
        lacking = findings(document) if is_draft else []
        return super().get_context_data(
            **kwargs,
            is_draft=is_draft,
            sha256=document_digest(document),
            lacking=lacking,
            given=given,
            n_outdated=document.approvals.count() - len(given),
            is_mine=any(one.approver_id == self.user.pk for one in given),
            asked=self.asked(),
            n_wanted=max(approvals.needed(document) - len(given), 0),
            before=before,
            new=comparison(before, document) if before else None,
            sections=[(name, SECTION_TITLES[name], document.body.get(name, "")) for name in SECTIONS],
            offers=offered(document),
        )

    def asked(self) -> bool:
        """Whether approval of just this text was asked for."""
        return self.document.approval_requests.filter(document_sha256=document_digest(self.document)).exists()

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        acts: dict[str, Callable[[], str]] = {
            "ask": self.ask,
            "approve": self.approve,
            "publish": self.publish,
            "retire": self.retire,
        }
        act = acts.get(request.POST.get("act", ""))
        try:
            if act is None:
                raise Refusal("unknown_act", "Choose what to do.", field="act")
            messages.success(request, act())
        except Refusal as refusal:
            messages.error(request, refusal.message)
        return redirect("consent_document", self.study.slug, self.document.public_id)

    @property
    def read(self) -> str:
        """The digest of what whoever acts has read."""
        return self.request.POST.get("sha256", "")

    def ask(self) -> str:
        """Tell the others who may approve; what was done, in words."""
        approvals.ask(document=self.document, by=self.user, now=timezone.now(), sha256=self.read)
        return "Everybody else who may approve is told by e-mail."

    def approve(self) -> str:
        """Approve what was read; what was done, in words."""
        require_recent(self.request)
        approvals.approve(document=self.document, approver=self.user, sha256=self.read)
        return "Your approval of this text is kept. It counts until the text changes."

    def publish(self) -> str:
        """Bring it into force; what was done, in words."""
        require_recent(self.request)
        publish(document=self.document, now=timezone.now(), publisher=self.user, sha256=self.read)
        return "It is in force. People are asked to agree to this version from now on."

    def retire(self) -> str:
        """Take it out of force; what was done, in words."""
        require_recent(self.request)
        retire(document=self.document, by=self.user, now=timezone.now())
        return "It is retired. Nobody is asked to agree to it any more."
