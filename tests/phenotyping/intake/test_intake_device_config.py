"""GET /api/v1/device/config: what a phone is to collect."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from phenotyping.streams.catalogue import STREAM_NAMES
from tests.factories import JOINED_AT
from wellness.consent.purposes import ANY, COLLECT
from wellness.consent.services import withdraw
from wellness.lib.clock import utc_now
from wellness.lib.refusal import Refusal
from wellness.studies.models import Device, Enrollment, Phase, Study
from wellness.studies.protocol import rates
from wellness.studies.services import publish_protocol, revoke_device

ADDRESS = "/api/v1/device/config"
Ask = Callable[..., Any]


@pytest.fixture
def ask(device: tuple[Device, str]) -> Ask:
    """The answer to ada's phone."""
    return lambda **headers: Client().get(ADDRESS, headers={"Authorization": f"Bearer {device[1]}"} | headers)


def publish(study: Study, *streams: Any) -> None:
    publish_protocol(study=study, body={"streams": list(streams)}, now=JOINED_AT)


def test_a_phone_collects_what_protocol_and_consent_allow(ask: Ask, ada: Enrollment) -> None:
    publish(ada.study, "gps", {"name": "steps", "period_s": 300}, "screen", "device_health", "survey")
    withdraw(enrollment=ada, now=utc_now(), scopes=[(COLLECT, "gps")])
    answer = ask()
    config = answer.json()
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert list(config["streams"]) == list(STREAM_NAMES)
    assert config["streams"]["steps"] == {"collect": True, "period_s": 300.0, "why": "granted"}
    assert config["streams"]["screen"] == {"collect": True, "period_s": 0.0, "why": "granted"}
    assert config["streams"]["gps"] == {"collect": False, "period_s": 600.0, "why": "no_consent"}
    assert config["streams"]["calls"]["why"] == "not_in_protocol"
    assert not config["streams"]["calls"]["collect"]
    assert config["purge"] == ["gps"]
    assert (config["protocol"], config["heartbeat_s"]) == (1, 3_600.0)
    assert config["upload"]["max_rows"] == 500_000
    ada.refresh_from_db()
    assert config["consent_epoch"] == ada.consent_epoch


def test_without_a_protocol_or_a_consent_nothing_is_collected(ask: Ask, ada: Enrollment) -> None:
    config = ask().json()
    assert config["protocol"] is None
    assert {one["why"] for one in config["streams"].values()} == {"not_in_protocol"}
    publish(ada.study, *STREAM_NAMES)
    withdraw(enrollment=ada, scopes=[(COLLECT, ANY)], now=utc_now())
    config = ask().json()
    assert {one["why"] for one in config["streams"].values()} == {"no_consent"}
    assert config["purge"] == list(STREAM_NAMES)


def test_what_was_never_agreed_to_is_not_collected_and_needs_no_purge(ask: Ask, ada: Enrollment) -> None:
    from wellness.consent.models import ConsentState

    publish(ada.study, "gps")
    ConsentState.objects.filter(enrollment=ada, stream="gps").delete()
    config = ask().json()
    assert config["streams"]["gps"]["why"] == "no_consent"
    assert config["purge"] == []


@pytest.mark.parametrize("phase", [Phase.PAUSED, Phase.COMPLETED])
def test_a_person_who_rests_collects_nothing_and_keeps_what_waits(
    ask: Ask, ada: Enrollment, phase: str
) -> None:
    publish(ada.study, "gps", "steps")
    Enrollment.objects.filter(pk=ada.pk).update(phase=phase)
    config = ask().json()
    assert not any(one["collect"] for one in config["streams"].values())
    assert config["streams"]["gps"]["why"] == "paused"
    assert config["purge"] == []


def test_an_ended_study_collects_nothing(ask: Ask, ada: Enrollment) -> None:
    publish(ada.study, "gps")
    Study.objects.filter(pk=ada.study_id).update(ended_at=utc_now() - timedelta(days=1))
    assert ask().json()["streams"]["gps"] == {"collect": False, "period_s": 600.0, "why": "paused"}


def test_the_tag_changes_with_the_instructions_and_not_with_time(ask: Ask, ada: Enrollment) -> None:
    publish(ada.study, "gps")
    first, again = ask(), ask()
    tag = first.headers["ETag"]
    assert tag.startswith('W/"') and again.headers["ETag"] == tag
    assert first.json()["server_time"] != again.json()["server_time"]
    same = ask(**{"If-None-Match": f'"x", {tag}'})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    withdraw(enrollment=ada, now=utc_now(), scopes=[(COLLECT, "calls")])
    changed = ask(**{"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def test_asking_leaves_the_database_as_it_was(ask: Ask, ada: Enrollment) -> None:
    publish(ada.study, *STREAM_NAMES)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ask()
    asked = [query["sql"] for query in queries.captured_queries]
    unrecorded = [sql for sql in asked if "wellness_audit" not in sql and "SAVEPOINT" not in sql]
    assert {sql.split()[0] for sql in unrecorded} == {"SELECT"}
    assert len(unrecorded) <= 6


def test_only_a_known_phone_is_answered(ask: Ask, device: tuple[Device, str]) -> None:
    assert Client().get(ADDRESS).status_code == 401
    assert ask(Authorization="Bearer nonsense").json()["errors"][0]["code"] == "device_unknown"
    revoke_device(device=device[0], now=utc_now())
    assert ask().status_code == 401
    assert Client().post(ADDRESS).status_code == 401


@pytest.mark.parametrize(
    ("streams", "code"),
    [
        (["gps", "gps"], "bad_protocol"),
        (["gps", {"name": "gps", "period_s": 60}], "bad_protocol"),
        (["telepathy"], "unknown_stream"),
        ([{"name": "gps", "period": 60}], "bad_protocol"),
        ([{"name": ["gps"]}], "unknown_stream"),
        ([{"name": "survey", "period_s": 60}], "unknown_stream"),
        ([{"name": "screen", "period_s": 60}], "bad_rate"),
        ([{"name": "gps", "period_s": True}], "bad_rate"),
        ([{"name": "gps", "period_s": 0}], "bad_rate"),
        ([{"name": "gps", "period_s": json.loads("1e999")}], "bad_rate"),
        ([{"name": "gps", "period_s": "60"}], "bad_rate"),
        ([{"name": "gps", "period_s": None}], "bad_rate"),
        ([17], "bad_protocol"),
        ({"gps": 1}, "bad_protocol"),
    ],
)
def test_a_protocol_that_phones_cannot_follow_is_not_published(study: Study, streams: Any, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        publish_protocol(study=study, body={"streams": streams}, now=JOINED_AT)
    assert (refused.value.code, refused.value.field) == (code, "streams")
    assert not study.protocols.exists()


def test_the_rates_of_a_protocol() -> None:
    body = {"streams": ["gps", "screen", {"name": "accelerometer", "period_s": 0.1}, "survey"]}
    assert rates(body) == {"gps": 600.0, "screen": 0.0, "accelerometer": 0.1}
    assert rates({"instruments": []}) == {}
    gone = {"name": "gps", "period_s": -1}
    assert rates({"streams": ["telepathy", gone, "screen"]}) == {
        "screen": 0.0
    }  # published by an older version
