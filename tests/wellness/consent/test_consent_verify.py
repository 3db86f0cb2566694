from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from tests.factories import JOINED_AT
from tests.tampering import remove, tamper
from wellness.consent.models import ConsentDocument, ConsentEvent, ConsentState
from wellness.consent.services import withdraw
from wellness.consent.verification import verify
from wellness.studies.models import Enrollment


@pytest.fixture
def events(ada: Enrollment) -> list[ConsentEvent]:
    """A grant and two withdrawals."""
    for n, stream in enumerate(("gps", "screen"), start=1):
        withdraw(enrollment=ada, now=JOINED_AT + timedelta(days=n), scopes=[("collect", stream)])
    return list(ada.consent_events.order_by("seq"))


def test_untouched_consent_is_whole(events: list[ConsentEvent], capsys: pytest.CaptureFixture[str]) -> None:
    assert verify() is None
    call_command("consent_verify")
    assert "3 consent events" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("action", "grant"),
        ("scopes", [["collect", "light"]]),
        ("covers_from", "2020-01-01T00:00:00Z"),
        ("at", "2020-01-01T00:00:00Z"),
        ("capacity", "parent"),
        ("signature", {"meaning": "x"}),
        ("reason", "x"),
        ("withdrawal_mode", "x"),
        ("client_zone", "UTC"),
        ("document_sha256", "f" * 64),
        ("prev_hash", "f" * 64),
        ("hash", "f" * 64),
    ],
)
def test_a_changed_event_is_named(events: list[ConsentEvent], field: str, value: object) -> None:
    tamper(ConsentEvent, events[1].pk, **{field: value})
    assert str(verify()).startswith("consent event #2 of enrollment")


def test_a_removed_last_event_is_named(events: list[ConsentEvent]) -> None:
    ConsentState.objects.filter(event=events[2]).delete()
    remove(ConsentEvent, events[2].pk)
    assert str(verify()).startswith("consent event #3 of enrollment")


def test_an_event_moved_to_another_signer_is_named(events: list[ConsentEvent], bea) -> None:
    tamper(ConsentEvent, events[0].pk, signer=bea)
    with pytest.raises(CommandError, match="consent event #1 .*: its content was changed"):
        call_command("consent_verify")


def test_a_state_that_no_event_says_is_named(ada: Enrollment, events: list[ConsentEvent]) -> None:
    ended = ConsentState.objects.filter(enrollment=ada, purpose="collect", stream="gps")
    ended.update(valid_to=None)
    assert "collect of gps" in str(verify())
    ended.delete()
    assert "not as its events say" in str(verify())


def test_a_state_without_an_event_is_named(ada: Enrollment, events: list[ConsentEvent]) -> None:
    ConsentState.objects.create(
        enrollment=ada,
        purpose="collect",
        stream="gps",
        document=events[0].document,
        event=events[1],
        valid_from=JOINED_AT,
        covers_from=JOINED_AT,
    )
    assert "no event granted it" in str(verify())


def test_an_altered_document_is_named(events: list[ConsentEvent]) -> None:
    tamper(ConsentDocument, events[0].document_id, body={"purposes": "anything"})
    assert str(verify()).startswith("consent document")
