"""What a client sees of an answer, without what is new in every one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from django.http import HttpResponseBase

TOKEN = re.compile(rb'(?<="X-CSRFToken": ")\w+|(?<=name="csrfmiddlewaretoken" value=")\w+')
ONE_OFF = {"X-Request-ID", "X-Request-Id", "Retry-After", "Set-Cookie"}


@dataclass(frozen=True)
class Seen:
    """An answer as the matrix keeps it, and what would tell it from another."""

    answer: str
    headers: tuple[tuple[str, str], ...]
    body_sha256: str


def seen(response: HttpResponseBase, path: str) -> Seen:
    """All of an answer but the address that was asked for; being sent to sign in is "login"."""
    quoted = quote(path, safe="")
    body = TOKEN.sub(b"", getattr(response, "content", b""))
    body = body.replace(path.encode(), b"").replace(quoted.encode(), b"")
    headers = {name: value.replace(path, "").replace(quoted, "") for name, value in response.items()}
    headers = {name: value for name, value in headers.items() if name not in ONE_OFF}
    headers["Content-Length"] = str(len(body))
    to_login = response.get("Location", "").startswith("/accounts/login/")
    answer = "login" if response.status_code == 302 and to_login else str(response.status_code)
    return Seen(answer, tuple(sorted(headers.items())), sha256(body).hexdigest())
