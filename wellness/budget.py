"""Counts that limit how often something may be asked for, kept in the cache.

They are shared by all processes where the cache is (Redis), and one for each process where it is not. Without
an answer of the cache nothing is limited: a limit must not be what keeps a phone out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.core.cache import cache

from wellness.breaker import Breaker

_CACHE = Breaker("cache")


def overspent(name: str, *, limit: int, window_s: int, now: datetime, spend: int = 1) -> float | None:
    """Count `spend` more; the seconds until the window ends when it then has more than `limit`, else None."""
    window, past_s = divmod(now.timestamp(), window_s)
    key = f"budget:{name}:{int(window)}"
    n = _CACHE.ask(lambda: _counted(key, spend, window_s), 0)
    return window_s - past_s if n > limit else None


def source_of(meta: Mapping[str, str]) -> str:
    """The address a request came from: behind a proxy, the last one it was forwarded for."""
    forwarded = meta.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or meta.get("REMOTE_ADDR", "")


def _counted(key: str, spend: int, window_s: int) -> int:
    cache.add(key, 0, timeout=window_s)
    try:
        n: int = cache.incr(key, spend)
    except ValueError:  # forgotten in between
        return spend
    return n
