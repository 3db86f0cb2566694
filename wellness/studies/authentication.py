"""Device credentials: `Authorization: Bearer <token>` opens exactly one enrollment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.db.models import CharField
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from wellness.lib.ids import secret_digest
from wellness.lib.refusal import Refusal
from wellness.prepared import Given, Instances
from wellness.studies.models import Device, Enrollment

_KNOWN = Instances(
    lambda: Device.objects.filter(token_digest=Given("digest", CharField()), revoked_at=None),
    Device,
    "enrollment",
    "enrollment__study",
)


class MustPurge(Refusal):
    """The phone's person withdrew: it deletes these streams, says so (POST /purges), and is heard again."""

    def __init__(self, streams: Iterable[str]) -> None:
        message = "The person withdrew: delete what the phone holds of these streams, and confirm it."
        extra = {"code": "consent_withdrawn", "purge": list(streams)}
        super().__init__("consent_withdrawn", message, status=403, extra=extra)


def phone_of(request: Request) -> Device:
    """The device that an authenticated request came from, its enrollment loaded."""
    return cast(Device, request.user)


class DeviceAuthentication(BaseAuthentication):
    """`request.user` is the device, `request.auth` its enrollment.

    The phone of somebody who withdrew hears only that it must purge, until it has said that it did.
    """

    hears_leaving = False

    def authenticate(self, request: Request) -> tuple[Device, Enrollment] | None:
        """Device and enrollment of the token, None without one; a token that opens nothing is refused."""
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = _KNOWN.found(digest=secret_digest(token.strip()))
        if not found:
            raise AuthenticationFailed("This device is not known here.", code="device_unknown")
        (device,) = found
        if device.purge is not None and not self.hears_leaving:
            raise MustPurge(device.purge)
        return device, device.enrollment

    def authenticate_header(self, request: Request) -> str:
        """Makes an unauthenticated answer a 401 that says how to sign in."""
        return "Bearer"


class LeavingDeviceAuthentication(DeviceAuthentication):
    """For what the phone of somebody who withdrew may still say: that it purged, or a call for help."""

    hears_leaving = True


class DeviceScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """How the API's description names the credential."""

    target_class = DeviceAuthentication
    name = "device"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token, in the words of OpenAPI."""
        return {"type": "http", "scheme": "bearer"}


class LeavingDeviceScheme(DeviceScheme):  # type: ignore[no-untyped-call]
    """The same credential where it is good for what a leaving phone may say."""

    target_class = LeavingDeviceAuthentication
    name = "leavingDevice"
