"""manage.py ledger_verify: whole, or it says what is not."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command

from phenotyping.intake.models import Chunk, Upload, UploadPart
from tests.phenotyping.intake.conftest import Phone, screen
from wellness.lib.clock import utc_now
from wellness.studies import keys
from wellness.studies.models import Enrollment

pytestmark = pytest.mark.usefixtures("store")


def verify(*options: str) -> dict[str, Any]:
    """What the command prints as JSON; it exits 1 just when it says so there."""
    printed = StringIO()
    try:
        call_command("ledger_verify", "--json", *options, stdout=printed)
    except CommandError:
        found: dict[str, Any] = json.loads(printed.getvalue())
        assert not found["ok"]
        return found
    found = json.loads(printed.getvalue())
    assert found["ok"] and not found["faults"]
    return found


@pytest.fixture
def two_uploads(phone: Phone, placed: str) -> None:
    phone.send({"screen": screen(5), "light": {"time": [], "lux": []}})
    phone.send({"screen": screen(3)})


def test_everything_adds_up(ada: Enrollment, two_uploads: None) -> None:
    found = verify()
    assert {name: found[name] for name in ("people", "uploads", "chunks", "stored", "live", "orphans")} == {
        "people": 1,
        "uploads": 2,
        "chunks": 2,
        "stored": 8,
        "live": 8,
        "orphans": 0,
    }
    printed = StringIO()
    call_command("ledger_verify", "--study", "harbour", "--participant", ada.code, stdout=printed)
    assert "8 rows stored, 8 live, 0 copies, 0 in quarantine" in printed.getvalue()


def test_nobody_is_not_proved(ada: Enrollment) -> None:
    with pytest.raises(CommandError, match="no such participant"):
        call_command("ledger_verify", "--participant", "nobody")


HARMS: dict[str, Callable[[], object]] = {
    "not the bytes": lambda: Chunk.objects.filter(n_rows=5).update(sealed_sha256="0" * 64),
    "rows, not": lambda: Chunk.objects.filter(n_rows=5).update(n_rows=6),
    "another time": lambda: Chunk.objects.filter(n_rows=5).update(last_at=utc_now()),
    "does not open": lambda: Chunk.objects.filter(n_rows=5).update(key_epoch=1, public_id=_other_id()),
    "8 rows stored, 3 live": lambda: Chunk.objects.filter(n_rows=5).delete(),
    "1 copies": lambda: UploadPart.objects.filter(n_stored=3).update(n_duplicates=1),
    "do not add up": lambda: UploadPart.objects.filter(n_sent=3).update(n_sent=4, n_refused=1),
    "receipt says": lambda: Upload.objects.filter(n_sent=3).update(receipt={"sent": 3}),
    "in quarantine: tried": lambda: Chunk.objects.filter(n_rows=5).update(
        state="quarantined", state_at=utc_now(), fault="tried"
    ),
}


def _other_id() -> str:
    return "6f1c6f3e-0c2c-4b0e-8a57-0e5f2f0e8f11"


@pytest.mark.parametrize("what", HARMS)
def test_what_is_wrong_is_named(ada: Enrollment, two_uploads: None, what: str) -> None:
    HARMS[what]()
    found = verify("--participant", ada.code)
    assert any(what in fault["what"] and fault["participant"] == ada.code for fault in found["faults"])
    assert found["n_faults"] == len(found["faults"])


def test_an_object_that_is_gone_is_named(ada: Enrollment, phone: Phone) -> None:
    phone.send({"screen": screen(5)})
    phone.send({"screen": screen(3)})
    gone = Chunk.objects.earliest("pk")
    storages["chunks"].delete(gone.object_name)
    assert [(one["name"], one["kind"]) for one in verify()["faults"]] == [(str(gone.public_id), "chunk")]
    assert Chunk.objects.live().count() == 2  # it only looks


def test_orphans_are_told_and_no_fault(ada: Enrollment, phone: Phone) -> None:
    phone.send({"screen": screen(5)})
    Chunk.objects.update(
        object_name=None, sealed=storages["chunks"].open(Chunk.objects.get().object_name).read()
    )
    assert verify()["orphans"] == 1


def test_release_frees_what_opens_again(ada: Enrollment, two_uploads: None) -> None:
    Chunk.objects.filter(n_rows=5).update(state="quarantined", state_at=utc_now(), fault="tried")
    assert verify()["quarantined"] == 5
    found = verify("--release")
    assert (found["released"], found["quarantined"], found["live"]) == (1, 0, 8)


def test_who_was_forgotten_is_counted(ada: Enrollment, two_uploads: None) -> None:
    keys.shred(ada, now=utc_now())
    assert (verify("--release")["forgotten"], verify()["stored"]) == (1, 0)


def test_a_storage_that_is_away_proves_nothing(
    ada: Enrollment, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.send({"screen": screen()})

    def fail(*_: object, **__: object) -> Any:
        raise OSError(5, "no")

    monkeypatch.setattr(type(storages["chunks"]), "open", fail)
    with pytest.raises(CommandError, match="Nothing was proved"):
        call_command("ledger_verify")
