"""Erasure under fire: raced by everything else, killed at its steps, undone by a restore; nothing is left.

RACE_ROUNDS rounds of the race by the services (500 were run on PostgreSQL), RACE_HTTP_ROUNDS with uploads and
the withdrawal as requests to a real server (300 were), and a kill at every KILL_EVERY-th step.
"""

import json
import os
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from tests.factories.life import SECRET
from tests.wellness.consent.erasure.place import DUMP, TEST_DATABASE_URL, Place, founded

ROUNDS = os.environ.get("RACE_ROUNDS", "8")
HTTP_ROUNDS = os.environ.get("RACE_HTTP_ROUNDS", "4")
EVERY = os.environ.get("KILL_EVERY", "25")
ENDINGS = {"left", "rows stored", "rows refused", "done", "consent_withdrawn", "consent_denied"}
pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(bool(TEST_DATABASE_URL) and DUMP is None, reason="needs pg_dump"),
]
FOUND = """
import json
from tests import factories
from tests.factories.life import lived
from wellness.lib.clock import utc_now
from wellness.studies.services import issue_device
ada = factories.enrollment(factories.study())
factories.agree_to_everything(ada)
lived(ada)
device, token = issue_device(enrollment=ada, platform="android", now=utc_now())
print(json.dumps([token, str(ada.public_id)]))
"""
ERASE = """
from wellness.consent.erasure.job import KIND
from wellness.consent.services import withdraw
from wellness.lib.clock import utc_now
from wellness.studies.models import Enrollment
from wellness.work.kinds import drain
withdraw(enrollment=Enrollment.objects.get(code="ada"), now=utc_now(), mode="stop_erase")
print(drain(utc_now(), KIND)[KIND])
"""
STATE = """
import json
from datetime import timedelta
from wellness.lib.clock import utc_now
from wellness.studies.rotation import rotate
from wellness.studies import keys
from wellness.studies.models import Enrollment
from wellness.consent.models import ConsentEvent
one = Enrollment.objects.get(public_id="{}")
reason = ConsentEvent.objects.filter(enrollment=one).order_by("-seq")[0].reason
for _ in range(2):
    rotate(now=utc_now(), window=timedelta(0))
print(json.dumps([one.phase, keys.is_shredded(one), reason]))
"""
READABLE = """
from phenotyping.intake.models import Chunk
from phenotyping.intake.chunks import load
from wellness.studies.keys import KeyDestroyed
from wellness.studies.models import Enrollment
one = Enrollment.objects.select_related("study").get(public_id="{}")
try:
    n = load(one, Chunk.objects.filter(enrollment=one, stream="gps")[0]).num_rows
except KeyDestroyed:
    n = "destroyed"
print(n)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with founded(tmp_path_factory.mktemp("leaving")) as made:
        yield made


def test_whoever_is_erased_while_all_else_happens_leaves_nothing(place: Place) -> None:
    done = place.script("rounds", ROUNDS)
    assert done["left"] == {}
    assert done["rounds"] == int(ROUNDS)
    assert set(done["happened"]) <= ENDINGS  # type: ignore[call-overload]


def test_so_does_whoever_leaves_through_a_server_that_takes_uploads_at_once(place: Place) -> None:
    with place.served(workers=3) as port:
        done = place.script("rounds", HTTP_ROUNDS, str(port))
    assert done["left"] == {}
    assert done["happened"]["left"] == int(HTTP_ROUNDS)  # type: ignore[index]
    assert set(done["happened"]) <= ENDINGS  # type: ignore[call-overload]


def test_an_erasure_killed_at_a_step_is_finished_by_the_next_worker(place: Place) -> None:
    done = place.script("kills", EVERY)
    assert (done["left"], done["bad"]) == ({}, [])
    assert "data key" in done["steps"] or int(EVERY) > 1  # type: ignore[operator]


def test_a_restore_brings_nobody_back_and_what_it_brings_is_unreadable(place: Place) -> None:
    token, public_id = json.loads(place.shell(FOUND))
    before, objects = place.backup(), _objects(place, public_id)
    assert SECRET.encode() in place.contents()
    assert place.shell(ERASE) == "1"
    contents = place.contents()
    for planted in (SECRET.encode(), b"ada@example.org"):
        assert planted not in contents
    assert not (place.folder / "chunks" / public_id).exists()

    place.restore(before)
    with place.served() as port:
        status, body = _ask(port, token)
    assert (status, body["code"]) == (403, "consent_withdrawn")
    phase, shredded, reason = json.loads(place.shell(STATE.format(public_id)))
    assert (phase, shredded, reason) == ("erased", True, "replayed after a restore")

    # Two key epochs later the backup of the database and all its objects tell nothing.
    place.restore(before)
    for name, sealed in objects.items():
        path = place.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sealed)
    assert place.unsettled(READABLE.format(public_id)) == "destroyed"


def _objects(place: Place, public_id: str) -> dict[str, bytes]:
    found = [path for path in place.folder.rglob("*") if path.is_file() and public_id in path.parts]
    assert found
    return {str(path.relative_to(place.folder)): path.read_bytes() for path in found}


def _ask(port: int, token: str) -> tuple[int, dict[str, object]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/api/v1/device/config", headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())
