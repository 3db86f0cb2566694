"""Instants as operators type them."""

from datetime import UTC, datetime

from django.utils.dateparse import parse_datetime


def instant(value: str) -> datetime:
    """A date or time as an instant; one without a zone is in UTC. ValueError when it is neither."""
    at = parse_datetime(value if len(value) > len("2026-01-05") else f"{value}T00:00")
    if at is None:
        raise ValueError(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
