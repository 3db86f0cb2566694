"""Recipients: who else has data of somebody who withdrew, and has to be told by us?"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from wellness.consent.models import RecipientNotice
from wellness.consent.models.recipient import TELLERS, RecipientNoticeQuerySet
from wellness.consent.telling import message, told_by_hand
from wellness.lib.refusal import Refusal
from wellness.web.coordinator.study import StudyPage

LATEST = 50


class RecipientsPage(StudyPage):
    """Notices of the study that the user's roles there cover."""

    roles = TELLERS

    def notices(self) -> RecipientNoticeQuerySet:
        """Told or not."""
        found = RecipientNotice.objects.visible_to(self.user).filter(study=self.study)
        return found.select_related("study", "user", "enrollment", "told_by")


class Recipients(RecipientsPage, TemplateView):
    """Whom do we have to tell, of whom and by when, and who was told before?"""

    template_name = "coordinator/recipients.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        waiting = list(self.notices().untold())
        self.note("view.recipients", [one.enrollment for one in waiting if one.enrollment])
        return super().get_context_data(
            **kwargs,
            now=timezone.now(),
            waiting=[(one, message(one)) for one in waiting],
            n_by_hand=sum(one.by_hand for one in waiting),
            told=self.notices().exclude(told_at=None).order_by("-told_at")[:LATEST],
        )


class Told(RecipientsPage):
    """The word that a recipient was told by somebody of the staff."""

    def post(self, request: HttpRequest, slug: str, notice: UUID) -> HttpResponse:
        found = self.notices().filter(public_id=notice).first()
        if found is None:
            raise Http404
        try:
            told_by_hand(notice=found, by=self.user, now=timezone.now())
        except Refusal as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, _("It is on record that you told them."))
        return redirect("recipients", self.study.slug)
