"""The web server's own lines (gunicorn.conf.py), as discreet as ours."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from gunicorn.glogging import Logger

from wellness.logs import UNTOLD, Discreet

INVALID = "Invalid request"
FELL_SILENT = "A client fell silent in the middle of a request."


class ServerLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's logger, which tells no address, name or agent."""

    def setup(self, cfg: Any) -> None:
        """Handlers as configured, with our formatter for errors."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(Discreet(self.error_fmt, self.datefmt))

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """An error with its frames; the address it names is not told. A network that went is no error."""
        if isinstance(sys.exception(), BlockingIOError):  # webserver.SILENCE_S
            self.info(FELL_SILENT)
            return
        super().exception(msg, *(UNTOLD for _ in args), **kwargs)

    def debug(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """A line for developers; the path that it names is not told."""
        super().debug(msg, *(UNTOLD if str(one).startswith("/") else one for one in args), **kwargs)

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """A warning; of a request that cannot be read, not what it said and where it came from."""
        super().warning(INVALID if msg.startswith(INVALID) else msg, *args, **kwargs)

    def atoms(self, resp: Any, req: Any, environ: Mapping[str, Any], request_time: Any) -> dict[str, Any]:
        """What an access line may hold: method, status, size and time."""
        found: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        asked = f"{environ['REQUEST_METHOD']} {UNTOLD} {environ['SERVER_PROTOCOL']}"
        return found | {"r": asked} | dict.fromkeys(("h", "u", "U", "q", "f", "a"), "-")
