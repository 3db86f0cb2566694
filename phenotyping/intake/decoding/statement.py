"""What a phone says beside its samples: when it sent them, where it is, and since which boot it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from phenotyping.intake.faults import fault

SENT_AT, ZONE, BOOT_ID = "X-Sent-At", "X-Timezone", "X-Boot-Id"
BOOT_CHARACTERS = 64
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Statement:
    """What the headers of one attempt say: made for this attempt, unlike what its body says."""

    sent_at: datetime | None = None
    zone: str = ""
    boot_id: str = ""


SILENT = Statement()


def of_headers(headers: Mapping[str, str]) -> Statement:
    """What a request says in its headers; Refusal when one of them is malformed."""
    sent_at = headers.get(SENT_AT)
    return Statement(
        sent_at=None if sent_at is None else instant(_number(sent_at), SENT_AT),
        zone=zone(headers.get(ZONE, ""), ZONE),
        boot_id=boot_id(headers.get(BOOT_ID, ""), BOOT_ID),
    )


def instant(ms: float, field: str) -> datetime:
    """The instant of epoch milliseconds; Refusal when there is none."""
    try:
        return EPOCH + timedelta(milliseconds=ms)
    except (OverflowError, ValueError):
        raise fault("wrong_type", f"{field} is a number of epoch milliseconds.", column=field) from None


def zone(name: str, field: str) -> str:
    """The name of an IANA time zone, or nothing; Refusal when there is no such zone."""
    if name and not known_zone(name):
        raise fault("unknown_timezone", f"There is no time zone named {name[:64]!r}.", column=field)
    return name


def boot_id(text: str, field: str) -> str:
    """The id of a boot, or nothing; Refusal when it is longer than one can be."""
    if len(text) > BOOT_CHARACTERS or not text.isprintable():
        message = f"{field} is at most {BOOT_CHARACTERS} printable characters."
        raise fault("wrong_type", message, column=field)
    return text


@lru_cache(maxsize=1024)
def known_zone(name: str) -> bool:
    """Whether IANA's data base has a zone of that name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # KeyError: no such name; the others: not a name at all
        return False
    return True


def _number(text: str) -> float:
    try:
        return float(text) if len(text) <= 32 else float("nan")
    except ValueError:
        return float("nan")  # refused as no instant
