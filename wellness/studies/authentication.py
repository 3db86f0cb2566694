"""Device credentials: `Authorization: Bearer <token>` opens exactly one enrollment."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import CharField
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from wellness.lib.ids import secret_digest
from wellness.prepared import Given, Instances
from wellness.studies.models import Device, Enrollment

_KNOWN = Instances(
    lambda: Device.objects.filter(token_digest=Given("digest", CharField()), revoked_at=None),
    Device,
    "enrollment",
    "enrollment__study",
)


def phone_of(request: Request) -> Device:
    """The device that an authenticated request came from, its enrollment loaded."""
    return cast(Device, request.user)


class DeviceAuthentication(BaseAuthentication):
    """`request.user` is the device, `request.auth` its enrollment."""

    def authenticate(self, request: Request) -> tuple[Device, Enrollment] | None:
        """Device and enrollment of the token, None without one; a token that opens nothing is refused."""
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = _KNOWN.found(digest=secret_digest(token.strip()))
        if not found:
            raise AuthenticationFailed("This device is not known here.", code="device_unknown")
        (device,) = found
        return device, device.enrollment

    def authenticate_header(self, request: Request) -> str:
        """Makes an unauthenticated answer a 401 that says how to sign in."""
        return "Bearer"


class DeviceScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """How the API's description names the credential."""

    target_class = DeviceAuthentication
    name = "device"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token, in the words of OpenAPI."""
        return {"type": "http", "scheme": "bearer"}
