"""Telling an error that says "no room left" from all others, whichever disk it speaks of."""

import errno


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an operating system, SQLite or PostgreSQL error, or one of its causes, says "no room"."""
    while error is not None:
        if (
            getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
            or getattr(error, "sqlite_errorname", "") == "SQLITE_FULL"
            or getattr(error, "sqlstate", "") == "53100"  # PostgreSQL: disk_full
        ):
            return True
        error = error.__cause__
    return False
