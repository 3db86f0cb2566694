"""The embedded broker: a message is there whole, or not at all."""

import threading
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

N_MESSAGES = 300


@pytest.fixture
def options(tmp_path: Path) -> dict[str, str]:
    """Options of a broker in a folder of its own."""
    return {
        "data_folder_in": str(tmp_path),
        "data_folder_out": str(tmp_path),
        "control_folder": str(tmp_path / "control"),
    }


def test_a_reader_beside_a_writer_gets_every_message_once_and_in_order(options: dict[str, str]) -> None:
    def write() -> None:
        with Connection("filesystem://", transport_options=options) as connection:
            queue = connection.SimpleQueue("work")
            for n in range(N_MESSAGES):
                queue.put(n)

    writer = threading.Thread(target=write)
    got: list[int] = []
    with Connection("filesystem://", transport_options=options) as connection:
        queue = connection.SimpleQueue("work")
        writer.start()  # where the queue is known already: kombu drops what comes while it is being bound
        while len(got) < N_MESSAGES:
            message = queue.get(timeout=10)
            message.ack()
            got.append(message.payload)
    writer.join()
    assert got == list(range(N_MESSAGES))


def test_a_message_of_another_queue_is_left_alone(options: dict[str, str]) -> None:
    with Connection("filesystem://", transport_options=options) as connection:
        connection.SimpleQueue("mine").put("for me")
        with pytest.raises(Empty):
            connection.SimpleQueue("other").get(block=False)
        assert connection.SimpleQueue("mine").get(block=False).payload == "for me"
