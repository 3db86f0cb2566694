from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.factories import JOINED_AT
from wellness.studies.models import Device
from wellness.studies.services import revoke_device


class WhoAmI(APIView):
    def get(self, request: Request) -> Response:
        return Response({"device": str(request.user.public_id), "enrollment": str(request.auth.public_id)})


def ask(rf: RequestFactory, credential: str | None) -> Any:
    extra = {} if credential is None else {"HTTP_AUTHORIZATION": credential}
    answer = WhoAmI.as_view()(rf.get("/", **extra))
    return answer.render()


def test_a_token_opens_its_device_and_enrollment(rf: RequestFactory, device: tuple[Device, str]) -> None:
    phone, token = device
    answer = ask(rf, f"Bearer {token}")
    assert answer.data == {"device": str(phone.public_id), "enrollment": str(phone.enrollment.public_id)}


def test_the_scheme_may_be_written_small(rf: RequestFactory, device: tuple[Device, str]) -> None:
    assert ask(rf, f"bearer {device[1]}").status_code == 200


@pytest.mark.parametrize("credential", ["Bearer ", "Bearer wrong", "Bearer \xff\x00", "Bearer a b"])
def test_an_unknown_token_is_refused(rf: RequestFactory, device: tuple[Device, str], credential: str) -> None:
    answer = ask(rf, credential)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.data["errors"][0]["code"] == "device_unknown"
    assert answer.data["retry"] is False


@pytest.mark.parametrize("credential", [None, "", "Basic YTpi", "Token x"])
def test_without_a_token_the_answer_says_how_to_sign_in(
    rf: RequestFactory, db: None, credential: str | None
) -> None:
    answer = ask(rf, credential)
    assert answer.status_code == 401
    assert answer.data["errors"][0]["code"] == "not_authenticated"


def test_a_revoked_token_opens_nothing_at_the_next_request(
    rf: RequestFactory, device: tuple[Device, str]
) -> None:
    phone, token = device
    revoke_device(device=phone, now=JOINED_AT)
    assert ask(rf, f"Bearer {token}").data["errors"][0]["code"] == "device_unknown"


def test_a_digest_is_not_a_token(rf: RequestFactory, device: tuple[Device, str]) -> None:
    assert ask(rf, f"Bearer {device[0].token_digest}").status_code == 401
