"""What a load balancer is told."""

import pytest
from django.test import Client

from wellness import health


def test_live_answers_without_a_database(client: Client) -> None:
    response = client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_ready_names_its_parts(client: Client, db: None) -> None:
    response = client.get("/health/ready")
    assert response.status_code == 200
    parts = ("status", "database", "storage", "disk", "audit", "recipients")
    assert response.json() == dict.fromkeys(parts, "ok")
    assert "no-cache" in response["Cache-Control"]


def test_ready_names_the_part_that_failed_and_not_why(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OSError("secret path")

    monkeypatch.setitem(health.PARTS, "storage", broken)
    response = client.get("/health/ready")
    assert response.status_code == 503
    found = response.json()
    assert (found["status"], found["database"], found["storage"]) == ("failed", "ok", "failed")


def test_a_low_disk_takes_the_server_out_of_service_only(client: Client, db: None, settings) -> None:
    settings.DISK_FREE_SHARE = 1.0
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["disk"] == "failed"
    assert client.get("/health/live").status_code == 200
