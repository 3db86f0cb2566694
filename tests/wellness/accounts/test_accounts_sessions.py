"""Sessions at rest: the database holds neither their keys nor their content."""

from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from tests.factories.people import PASSWORD
from wellness.accounts.sessions import SessionStore, name_of
from wellness.studies.models import Enrollment


def test_what_a_session_holds_comes_back_and_cannot_be_read_in_the_database(db: None) -> None:
    session = SessionStore()
    session["account_login"] = {"email": "kestrel@example.org"}
    session.create()
    row = Session.objects.get()
    assert row.session_key != session.session_key
    assert "kestrel" not in row.session_data
    again = SessionStore(session.session_key)
    assert again["account_login"] == {"email": "kestrel@example.org"}
    again["more"] = 1
    again.save()
    assert SessionStore(session.session_key)["more"] == 1
    assert Session.objects.count() == 1


def test_the_name_in_the_database_opens_nothing(db: None) -> None:
    session = SessionStore()
    session.create()
    assert SessionStore().exists(session.session_key)
    stolen = SessionStore(name_of(session.session_key or ""))
    assert not SessionStore().exists(stolen.session_key)
    assert stolen.load() == {}
    assert stolen.session_key is None


def test_a_session_that_was_altered_is_empty(db: None) -> None:
    session = SessionStore()
    session["user"] = 7
    session.create()
    Session.objects.update(session_data="AAAA" + Session.objects.get().session_data[4:])
    assert SessionStore(session.session_key).load() == {}


def test_a_visitor_signs_in_stays_and_leaves(client: Client, ada: Enrollment) -> None:
    assert ada.user
    assert client.login(email=ada.user.email, password=PASSWORD)
    assert client.get("/app/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/app/").status_code == 302
    assert not SessionStore().exists(client.session.session_key)


def test_old_sessions_are_cleared(db: None) -> None:
    session = SessionStore()
    session.set_expiry(-1)
    session.create()
    call_command("clearsessions")
    assert not Session.objects.exists()


def test_the_cache_knows_no_address(client: Client, db: None) -> None:
    client.post(
        "/accounts/login/", {"login": "kestrel@example.org", "password": "x"}, REMOTE_ADDR="203.0.113.77"
    )
    names = list(cache._cache)  # type: ignore[attr-defined]
    assert names
    assert not any("203.0" in name or "login" in name or "allauth" in name for name in names)
