"""A process that leads a process group and ends all of it when its parent goes, however it goes.

Its standard input is a pipe whose other end only the parent holds: it closes when the parent closes it,
exits or is killed.
"""

import os
import signal
import sys
import time

GRACE_S = 5.0


def main() -> None:
    """Wait for the parent to go, then end the group: politely, and after a while with force."""
    for polite in (signal.SIGINT, signal.SIGTERM):
        signal.signal(polite, signal.SIG_IGN)
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE_S)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
