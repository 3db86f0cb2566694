"""Secrets kept in files that only their owner can read: the embedded default, where no operator sets them."""

import os
import secrets
from pathlib import Path


def read_or_create(path: Path) -> str:
    """The secret in `path`; on first use 48 random bytes are written there, readable by the owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        fresh.touch(mode=0o400)
        with os.fdopen(os.open(fresh, os.O_WRONLY), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(fresh, path)  # atomic: of two processes that start together, one wins and both read its secret
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()
