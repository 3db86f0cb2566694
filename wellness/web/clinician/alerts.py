"""Alerts of people in care: seen, and resolved with what was done."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from coach.safety import services
from coach.safety.models import Alert
from wellness.lib.refusal import Refusal
from wellness.studies.models import Role
from wellness.web.access import StaffPage


class AnswerAlert(StaffPage):
    """Say that an alert was seen, which stops its clock, or what was done about it, which ends it."""

    roles = (Role.CLINICIAN,)

    def post(self, request: HttpRequest, call: UUID) -> HttpResponse:
        visible, now = Alert.objects.open().visible_to(self.user), timezone.now()
        found = visible.select_related("enrollment").filter(public_id=call).first()
        if found is None:
            raise Http404
        try:
            if request.POST.get("act") == "acknowledge":
                services.acknowledge(alert=found, user=self.user, now=now)
            else:
                said = request.POST.get("disposition", "")
                services.resolve(alert=found, user=self.user, disposition=said, now=now)
                messages.success(request, _("The alert is resolved."))
        except Refusal as refusal:
            messages.error(request, refusal.message)
        return redirect("person", found.enrollment.public_id)
