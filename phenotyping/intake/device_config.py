"""What a phone is to collect, at which rate, under the protocol and the consent in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from phenotyping.intake.decoding.formats import MEDIA_TYPES
from phenotyping.streams.catalogue import STREAM_NAMES, STREAMS
from wellness.consent import gate
from wellness.consent.purposes import COLLECT, STORE
from wellness.lib.canonical import digest
from wellness.studies.models import Enrollment, Phase, Protocol
from wellness.studies.protocol import rates

UPLOAD_EVERY_S = 900
ENCODINGS = ("identity", "gzip", "zstd")

Config = dict[str, Any]


def device_config(enrollment: Enrollment, now: datetime) -> Config:
    """The instructions for the phone of this person; equal as long as nothing changes for it."""
    protocol = Protocol.objects.filter(study=enrollment.study_id).order_by("-version").first()
    asked = rates(protocol.body) if protocol else {}
    resting = enrollment.phase in (Phase.PAUSED, Phase.INVITED, Phase.COMPLETED) or _over(enrollment, now)
    granted = gate.permitted(enrollment, STORE, STREAM_NAMES, at=now)
    once = gate.periods(enrollment, COLLECT, STREAM_NAMES)
    why = {name: _why(name in asked, resting, name in granted) for name in STREAM_NAMES}
    return {
        "protocol": protocol.version if protocol else None,
        "consent_epoch": enrollment.consent_epoch,
        "streams": {
            name: {
                "collect": reason == "granted",
                "period_s": asked.get(name, STREAMS[name].period_s),
                "why": reason,
            }
            for name, reason in why.items()
        },
        "purge": [name for name in STREAM_NAMES if once[name] and name not in granted and not resting],
        "upload": {
            "max_rows": settings.UPLOAD_ROWS,
            "max_wire_bytes": settings.UPLOAD_WIRE_BYTES,
            "max_raw_bytes": settings.UPLOAD_RAW_BYTES,
            "next_after_s": UPLOAD_EVERY_S,
            "formats": list(MEDIA_TYPES),
            "encodings": list(ENCODINGS),
        },
        "heartbeat_s": asked.get("device_health", STREAMS["device_health"].period_s),
    }


def etag(config: Config) -> str:
    """The weak entity tag of the instructions."""
    return f'W/"{digest(config)[:32]}"'


def _why(asked: bool, resting: bool, granted: bool) -> str:
    if not asked:
        return "not_in_protocol"
    if resting:
        return "paused"
    return "granted" if granted else "no_consent"


def _over(enrollment: Enrollment, now: datetime) -> bool:
    return enrollment.study.ended_at is not None and enrollment.study.ended_at <= now
