"""Calls for help of people who left: seen, and closed with what became of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from coach.safety import leaving
from coach.safety.models import LeftAlert
from wellness.accounts.models import User
from wellness.lib.refusal import Refusal
from wellness.studies.models import Role
from wellness.web.access import StaffPage
from wellness.web.trail import looked_over

VITAL_INTEREST = "vital.interest"  # the right by which these are shown: there is no consent any more


def left_alerts(user: User, now: datetime) -> list[LeftAlert]:
    """Those that the clinician may act on, the most urgent first; the look at them is on record."""
    alerts = LeftAlert.objects.visible_to(user).select_related("study", "acknowledged_by")
    found = list(alerts.order_by("due_at", "pk"))
    if found:
        about = " ".join(sorted({f"study:{one.study.slug}" for one in found}))
        looked_over(
            (),
            user=user,
            action="view.left_alerts",
            purpose=VITAL_INTEREST,
            now=now,
            about=about,
            role=Role.CLINICIAN,
        )
    return found


class AnswerLeftAlert(StaffPage):
    """Say that a call was seen, or with an outcome that it is over: then nothing of it stays."""

    roles = (Role.CLINICIAN,)

    def post(self, request: HttpRequest, alert: UUID) -> HttpResponse:
        now, found = timezone.now(), LeftAlert.objects.visible_to(self.user).filter(public_id=alert).first()
        if found is None:
            raise Http404
        try:
            if request.POST.get("act") == "acknowledge":
                leaving.acknowledge(alert=found, user=self.user, now=now)
            else:
                outcome = request.POST.get("outcome", "")
                leaving.close(alert=found, user=self.user, outcome=outcome, now=now)
                messages.success(request, _("The call for help is closed, and nothing of it is kept."))
        except Refusal as refusal:
            messages.error(request, refusal.message)
        return redirect("caseload")
