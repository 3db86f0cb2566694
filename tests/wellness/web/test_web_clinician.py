"""Caseload and the participant's page."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from coach.safety.services import raise_alert
from phenotyping.twins.models import Twin
from phenotyping.twins.sealed import sealed_state
from tests import factories
from tests.wellness.web.conftest import add_days
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.consent.services import withdraw
from wellness.studies import keys
from wellness.studies.models import Enrollment

Browser = Callable[[User | None], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}


def person(ada: Enrollment, name: str, **last: float) -> Enrollment:
    """Another participant of ada's study who shares everything and has data."""
    made = factories.enrollment(ada.study, name)
    factories.agree_to_everything(made)
    add_days(made, **last)
    return made


@pytest.fixture
def client(bea: User, browser: Browser) -> Client:
    return browser(bea)


def order(client: Client, query: str = "") -> list[str]:
    """The codes on the caseload, in order."""
    return [row.enrollment.code for row in client.get(f"/clinic/{query}").context["rows"]]


def test_who_needs_attention_comes_first(client: Client, ada: Enrollment) -> None:
    add_days(ada)
    person(ada, "zoe", sleep__duration=150.0)
    raised = person(ada, "kim")
    raise_alert(enrollment=raised, rule="answer", severity="imminent", source="answer:1", now=timezone.now())
    shown = client.get("/clinic/").content.decode()
    assert order(client)[:2] == ["kim", "zoe"]
    assert "imminent alert" in shown
    assert "Sleep far below usual" in shown


def test_what_surprised_the_twin_needs_attention_and_what_it_expected_does_not(
    client: Client, ada: Enrollment
) -> None:
    add_days(ada, sleep__duration=150.0)
    state = {"sleep.duration": {"surprise": -0.4}, "steps.total": {"surprise": 3.1}}
    Twin.objects.create(enrollment=ada, sealed_state=sealed_state(ada, state))
    (row,) = client.get("/clinic/").context["rows"]
    assert ("warn", "Steps unexpectedly high") in row.reasons
    assert not [words for _, words in row.reasons if words.startswith("Sleep")]


def test_filter_search_and_order_live_in_the_address(client: Client, ada: Enrollment) -> None:
    add_days(ada)
    person(ada, "zoe", sleep__duration=150.0)
    assert order(client, "?q=ZO") == ["zoe"]
    assert order(client, "?sort=name") == ["ada", "zoe"]
    assert order(client, "?sort=change") == ["zoe", "ada"]
    assert order(client, "?show=changed") == ["zoe"]
    assert order(client, "?sort=nonsense&show=nonsense") == order(client)
    assert "Nobody matches" in client.get("/clinic/?q=nobody").content.decode()


def test_htmx_gets_the_same_partial_alone(client: Client, ada: Enrollment) -> None:
    add_days(ada)
    whole, part = client.get("/clinic/?q=a"), client.get("/clinic/?q=a", **HTMX)
    assert part.content.decode().strip() in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert "HX-Request" in whole["Vary"]
    back = client.get("/clinic/?q=a", **HTMX, HTTP_HX_HISTORY_RESTORE_REQUEST="true")
    assert "<html" in back.content.decode()


def test_the_caseload_shows_only_what_is_shared(client: Client, ada: Enrollment) -> None:
    add_days(ada)
    assert "Sleep, last 14 days" in client.get("/clinic/").content.decode()
    withdraw(enrollment=ada, now=timezone.now(), scopes=[("share.clinician", "screen")])
    body = client.get("/clinic/").content.decode()
    assert "Sleep, last 14 days" not in body
    assert "Steps, last 14 days" in body


def test_the_page_shows_only_measures_whose_streams_are_shared(client: Client, ada: Enrollment) -> None:
    add_days(ada, sleep__duration=200.0)
    page = f"/clinic/{ada.public_id}/"
    before = client.get(page)
    assert "Sleep" in [one.measure.label for one in before.context["figures"]]
    assert "far below usual" in before.content.decode()
    withdraw(enrollment=ada, now=timezone.now(), scopes=[("share.clinician", "screen")])
    after = client.get(page)
    labels = [one.measure.label for one in after.context["figures"]]
    assert "Sleep" not in labels
    assert "Steps" in labels
    assert "3 h 20 min" not in after.content.decode()


def test_after_withdrawal_nothing_is_shown(client: Client, ada: Enrollment) -> None:
    add_days(ada)
    withdraw(enrollment=ada, now=timezone.now())
    body = client.get(f"/clinic/{ada.public_id}/").content.decode()
    assert "<figure" not in body
    assert "Nothing is shared with you" in body or "has left" in body


def test_every_look_is_on_record(client: Client, bea: User, ada: Enrollment) -> None:
    client.get(f"/clinic/{ada.public_id}/")
    client.get("/clinic/")
    looks = AuditEntry.objects.filter(actor=str(bea.public_id), action__startswith="view.")
    seen = looks.values_list("chain", "action", "purpose")
    assert list(seen) == [
        (f"enrollment:{ada.public_id}", "view.participant", "share.clinician"),
        (f"user:{bea.public_id}", "view.caseload", "share.clinician"),
    ]


def test_a_refused_look_shows_nothing_and_leaves_no_read(
    cal: User, ada: Enrollment, browser: Browser
) -> None:
    assert browser(cal).get(f"/clinic/{ada.public_id}/").status_code == 404
    assert not AuditEntry.objects.filter(action="view.participant").exists()


def test_the_range_lives_in_the_address(client: Client, ada: Enrollment) -> None:
    add_days(ada)
    page = f"/clinic/{ada.public_id}/"
    for query, n_days in (("", 28), ("?days=56", 56), ("?days=999", 28)):
        assert len(client.get(page + query).context["figures"][0].points) == n_days


def n_queries(client: Client, path: str, django_assert_max_num_queries: Callable, most: int) -> int:
    keys._opened.clear()  # as in a fresh process
    with django_assert_max_num_queries(most) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_queries_do_not_grow_with_people(
    client: Client, ada: Enrollment, django_assert_max_num_queries: Callable
) -> None:
    add_days(ada, 3)
    page = f"/clinic/{ada.public_id}/"
    few = [n_queries(client, path, django_assert_max_num_queries, 40) for path in ("/clinic/", page)]
    for name in ("ivy", "kim", "lou", "mia", "nat", "oli"):
        add_days(person(ada, name), 0)
    many = [n_queries(client, path, django_assert_max_num_queries, 40) for path in ("/clinic/", page)]
    assert many == few
    assert many[0] <= 24
    assert many[1] <= 34


def test_an_alert_is_acknowledged_and_resolved_with_what_was_done(
    client: Client, ada: Enrollment, bea: User
) -> None:
    now = timezone.now()
    alert = raise_alert(enrollment=ada, rule="answer", severity="imminent", source="answer:1", now=now)
    page, answer = f"/clinic/{ada.public_id}/", f"/clinic/alerts/{alert.public_id}/"
    assert answer in client.get(page).content.decode()
    client.post(answer, {"act": "acknowledge"})
    assert "Seen by bea@example.org" in client.get(page).content.decode()
    refused = client.post(answer, {"act": "resolve", "disposition": " "}, follow=True)
    assert "what was done about the alert" in refused.content.decode()
    client.post(answer, {"act": "resolve", "disposition": "Called her; she is with her sister."})
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.disposition) == (bea, "Called her; she is with her sister.")
    assert answer not in client.get(page).content.decode()
    acts = AuditEntry.objects.filter(object=f"alert:{alert.public_id}").order_by("pk")
    assert [one.action for one in acts] == ["alert.raise", "alert.acknowledge", "alert.resolve"]
    assert client.post(answer, {"act": "acknowledge"}).status_code == 404  # it is over


def test_others_are_told_that_there_is_no_such_alert(
    browser: Browser, ada: Enrollment, cal: User, dot: User
) -> None:
    now = timezone.now()
    alert = raise_alert(enrollment=ada, rule="answer", severity="low", source="answer:1", now=now)
    for user in (cal, dot):
        assert browser(user).post(f"/clinic/alerts/{alert.public_id}/", {"act": "resolve"}).status_code == 404
    alert.refresh_from_db()
    assert alert.acknowledged_at is None
