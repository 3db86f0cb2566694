"""Sessions end in time, and staff come in only with a second factor."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from tests import factories
from wellness.accounts.models import User
from wellness.studies.models import Enrollment, Role
from wellness.studies.services import add_member

SignIn = Callable[..., Client]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def opens(client: Client, path: str) -> bool:
    return client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/clinic/", "/console/", "/app/", "/accounts/password/change/", "/accounts/email/"]
)
def test_staff_without_a_factor_are_sent_to_set_one_up(path: str, bea: User, sign_in: SignIn) -> None:
    response = sign_in(bea).get(path)
    assert (response.status_code, response["Location"]) == (302, "/accounts/2fa/")


def test_staff_without_a_factor_can_set_one_up_leave_and_get_help(bea: User, sign_in: SignIn) -> None:
    client = sign_in(bea)
    assert all(opens(client, path) for path in ("/accounts/2fa/", "/accounts/2fa/totp/activate/", "/help/"))
    assert client.post("/accounts/logout/").status_code == 302


def test_a_program_with_such_a_session_is_told_why(bea: User, sign_in: SignIn) -> None:
    response = sign_in(bea).get("/api/v1/device/config")
    assert response.status_code == 403
    assert response.json()["errors"][0]["code"] == "second_factor_required"


def test_a_part_of_a_page_sends_the_whole_page_there(bea: User, sign_in: SignIn) -> None:
    response = sign_in(bea).get("/clinic/", headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Redirect"]) == (403, "/accounts/2fa/")
    assert response.content == b""


def test_with_the_factor_the_door_is_open(
    secured: User, sign_in: SignIn, app_code: Callable[[], str]
) -> None:
    halfway = sign_in(secured)
    assert halfway.get("/clinic/")["Location"].startswith("/accounts/login/")
    assert opens(sign_in(secured, code=app_code()), "/clinic/")


def test_participants_need_no_factor_until_they_work_here(ada: Enrollment, sign_in: SignIn) -> None:
    assert ada.user
    client = sign_in(ada.user)
    assert opens(client, "/app/")
    add_member(study=ada.study, user=ada.user, role=Role.ANALYST)
    assert client.get("/app/")["Location"] == "/accounts/2fa/"


def test_operators_count_as_staff(db: None, sign_in: SignIn) -> None:
    ops = User.objects.create_superuser("ops@example.org", factories.PASSWORD)
    assert sign_in(ops).get("/")["Location"] == "/accounts/2fa/"


@pytest.mark.parametrize(("idle_min", "open_"), [(14, True), (15, False), (60, False)])
def test_a_member_of_staff_who_is_away_is_signed_out(idle_min: int, open_: bool, bea: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = Client()
        client.force_login(bea)
        clock.shift(timedelta(minutes=idle_min))
        assert opens(client, "/clinic/") is open_
        assert opens(client, "/clinic/") is open_  # it does not come back


def test_work_keeps_a_session_up_for_twelve_hours_and_no_longer(bea: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = Client()
        client.force_login(bea)
        for _ in range(71):
            clock.shift(timedelta(minutes=10))
            assert opens(client, "/clinic/")
        clock.shift(timedelta(minutes=10))
        response = client.get("/clinic/")
        assert response["Location"] == "/accounts/login/?next=/clinic/"
        assert client.session.session_key is None


def test_participants_stay_for_a_fortnight_idle_and_thirty_days(ada: Enrollment) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client, idle = Client(), Client()
        client.force_login(ada.user)
        idle.force_login(ada.user)
        for _ in range(2):
            clock.shift(timedelta(days=13))
            assert opens(client, "/app/")
        assert not opens(idle, "/app/")
        clock.shift(timedelta(days=4))
        assert not opens(client, "/app/")


def test_after_the_end_programs_get_401_and_parts_move_the_page(bea: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for path, headers, expected in (
            ("/api/v1/device/config", {}, 401),
            ("/clinic/", {"HX-Request": "true", "HX-Current-URL": "http://testserver/clinic/?page=2"}, 401),
        ):
            client = Client()
            client.force_login(bea)
            clock.shift(timedelta(minutes=20))
            response = client.get(path, headers=headers)
            assert response.status_code == expected
        assert response["HX-Redirect"] == "/accounts/login/?next=%2Fclinic%2F%3Fpage%3D2"


def test_looking_around_writes_the_session_once_a_minute_at_most(
    bea: User, django_assert_num_queries
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = Client()
        client.force_login(bea)
        for seconds, is_written in ((30, False), (30, True), (59, False)):
            clock.shift(timedelta(seconds=seconds))
            before = client.session["wellness.seen"]
            assert opens(client, "/clinic/")
            assert (client.session["wellness.seen"] != before) is is_written


def test_the_session_gets_a_new_key_at_sign_in(ada: Enrollment) -> None:
    client = Client()
    client.get("/accounts/login/")
    session = client.session
    session["mine"] = 1
    session.save()
    client.cookies["sessionid"] = session.session_key
    client.post("/accounts/login/", {"login": "ada@example.org", "password": factories.PASSWORD})
    assert client.session.session_key != session.session_key
    assert Client(headers={"Cookie": f"sessionid={session.session_key}"}).get("/app/").status_code == 302


def test_a_disabled_account_is_out_at_the_next_request(ada: Enrollment, sign_in: SignIn) -> None:
    assert ada.user
    client = sign_in(ada.user)
    User.objects.filter(pk=ada.user.pk).update(is_active=False)
    assert client.get("/app/").status_code == 302


def test_a_new_password_ends_the_other_sessions(ada: Enrollment, sign_in: SignIn) -> None:
    assert ada.user
    here, there = sign_in(ada.user), sign_in(ada.user)
    words = {
        "oldpassword": factories.PASSWORD,
        "password1": "another long phrase",
        "password2": "another long phrase",
    }
    assert here.post("/accounts/password/change/", words).status_code == 302
    assert opens(here, "/app/")
    assert not opens(there, "/app/")
