"""My phones: which ones may send data for me?"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import TemplateView

from wellness.lib.refusal import Refusal
from wellness.studies.models import Device
from wellness.studies.services import rename_device, revoke_device
from wellness.web.access import ParticipantPage


class Devices(ParticipantPage, TemplateView):
    """Every phone that may send data for me."""

    template_name = "participant/devices.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = Device.objects.in_use(self.enrollment).order_by("-created_at")
        return super().get_context_data(**kwargs, study=self.enrollment.study, devices=mine)


class OneDevice(ParticipantPage):
    """One of my phones."""

    def mine(self, named: UUID) -> Device:
        """The phone of that id; of anybody else's there is none."""
        found = Device.objects.in_use(self.enrollment).filter(public_id=named).first()
        if found is None:
            raise Http404
        return found


class RenameDevice(OneDevice):
    """One of my phones under a name that I know it by."""

    def post(self, request: HttpRequest, device: UUID) -> HttpResponse:
        found, name = self.mine(device), request.POST.get("name", "")
        try:
            rename_device(device=found, name=name, now=timezone.now(), actor=self.user.actor)
        except Refusal as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, "Saved. Only you see this name.")
        return redirect("devices_of_mine")


class RevokeDevice(OneDevice):
    """One of my phones may send nothing from its next request on."""

    def post(self, request: HttpRequest, device: UUID) -> HttpResponse:
        revoke_device(device=self.mine(device), now=timezone.now(), actor=self.user.actor)
        messages.success(request, "Done. That phone can no longer send data or read yours.")
        return redirect("devices_of_mine")
