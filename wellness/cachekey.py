"""The names under which the cache holds things: digests, for limits count by address and by e-mail."""

import hmac

from django.conf import settings

from wellness.lib.sealing import subkey


def hidden(key: str, prefix: str, version: int) -> str:
    """The name the cache sees (Django's KEY_FUNCTION); without INDEX_KEY it tells nothing."""
    named = f"{prefix}:{version}:{key}".encode()
    return hmac.new(subkey(settings.INDEX_KEY.encode(), "cache"), named, "sha256").hexdigest()
