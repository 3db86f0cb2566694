"""How often codes may be tried from one place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from wellness.budget import overspent, source_of
from wellness.lib.refusal import Refusal


def require_patience(meta: Mapping[str, str], *, now: datetime, spend: int = 0) -> None:
    """Refusal of a source address that tried too many wrong codes: nobody is to guess one."""
    name, limit = f"join:{source_of(meta)}", settings.JOIN_FAILURES_PER_HOUR
    left_s = limit and overspent(name, limit=limit, window_s=3_600, now=now, spend=spend)
    if left_s:
        message = "Too many wrong codes came from here; try again later."
        raise Refusal("too_many_attempts", message, status=429, retry_after_s=left_s)
