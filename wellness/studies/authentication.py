"""Device credentials: `Authorization: Bearer <token>` opens exactly one enrollment."""

from __future__ import annotations

from typing import cast

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from wellness.lib.ids import secret_digest
from wellness.studies.models import Device, Enrollment


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
        device = (
            Device.objects.select_related("enrollment__study")
            .filter(token_digest=secret_digest(token.strip()), revoked_at=None)
            .first()
        )
        if device is None:
            raise AuthenticationFailed("This device is not known here.", code="device_unknown")
        return device, device.enrollment

    def authenticate_header(self, request: Request) -> str:
        """Makes an unauthenticated answer a 401 that says how to sign in."""
        return "Bearer"
