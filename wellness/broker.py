"""The embedded message broker: kombu's folder of files, with messages that appear whole."""

from pathlib import Path
from time import time_ns
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """A channel that renames finished messages into place.

    kombu writes them in place, and a worker that takes one while it is still empty dies of it.
    """

    # kombu's two base classes disagree about the second name.
    def _put(self, queue: str, message: Any, **_: Any) -> None:  # type: ignore[override]
        finished = Path(self.data_folder_out) / f"{time_ns()}_{uuid4()}.{queue}.msg"
        unfinished = finished.with_suffix(".part")
        unfinished.write_text(dumps(message))
        unfinished.rename(finished)


class Transport(filesystem.Transport):
    """Kombu's file-system transport over that channel."""

    Channel = Channel
