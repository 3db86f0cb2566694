"""Key epochs: whoever was forgotten is unreadable from an old backup; everyone else stays readable."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from tests import factories
from tests.phenotyping.intake.conftest import Phone, screen
from wellness import keyring
from wellness.accounts import keys as account_keys
from wellness.accounts.models import AccountKey, User
from wellness.audit.models import AuditEntry
from wellness.lib import sealing
from wellness.lib.clock import utc_now
from wellness.studies import keys, rotation
from wellness.studies.models import DataKey, Device, Enrollment, Study

pytestmark = pytest.mark.anew  # her keys lie in the test's own folder
DAY, NEVER, AT_ONCE = timedelta(days=1), timedelta(days=36_500), timedelta(0)


def forget_opened() -> None:
    """What another process, or this one after a minute, remembers."""
    keys._opened.clear()
    account_keys._opened.clear()
    keyring._opened.clear()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings) -> Path:
    forget_opened()
    settings.KEY_DIR = tmp_path / "epochs"
    return tmp_path / "epochs"


@pytest.fixture
def people(study: Study) -> list[Enrollment]:
    return [factories.enrollment(study, f"p{n}") for n in range(5)]


def notes(people: list[Enrollment]) -> dict[Enrollment, bytes]:
    return {one: keys.seal(one, "note", one.code.encode()) for one in people}


def readable(sealed: dict[Enrollment, bytes]) -> list[str]:
    """The codes of people whose note opens, by what is stored alone."""
    forget_opened()
    codes = []
    for one, note in sealed.items():
        try:
            codes.append(keys.unseal(one, "note", note).decode())
        except keys.KeyDestroyed:
            continue
    return codes


def epochs_in_use() -> set[int]:
    return set(DataKey.objects.filter(wrapped__isnull=False).values_list("key_epoch", flat=True))


def test_a_forgotten_person_is_unreadable_from_an_old_backup(people: list[Enrollment]) -> None:
    sealed, backup = notes(people), list(DataKey.objects.values("pk", "wrapped", "key_epoch"))
    keys.shred(people[2], now=utc_now())
    done = rotation.rotate(now=utc_now(), window=AT_ONCE)
    assert (done.n_rewrapped, len(done.destroyed)) == (4 + 5, 1)  # of four enrollments, and of five accounts
    assert readable(sealed) == ["p0", "p1", "p3", "p4"]
    lost = backup[2]
    DataKey.objects.filter(pk=lost["pk"]).update(
        wrapped=lost["wrapped"], key_epoch=lost["key_epoch"], shredded_at=None
    )
    assert readable(sealed) == ["p0", "p1", "p3", "p4"]
    rotation.rotate(now=utc_now(), window=AT_ONCE)  # what is unreadable stops no rotation
    assert readable(sealed) == ["p0", "p1", "p3", "p4"]


def test_an_account_that_was_removed_is_unreadable_from_an_old_backup(db: None) -> None:
    gone, here = factories.user("gone"), factories.user("here")
    (backup,) = User.objects.filter(pk=gone.pk).values()
    key = AccountKey.objects.filter(owner=gone.public_id).values("wrapped", "key_epoch").get()
    owner = gone.public_id
    gone.delete()
    rotation.rotate(now=utc_now(), window=AT_ONCE)
    AccountKey.objects.filter(owner=owner).update(shredded_at=None, **key)
    forget_opened()
    with pytest.raises(keys.KeyDestroyed):
        str(User(**backup).email)
    assert User.objects.get(pk=here.pk).email == "here@example.org"


def test_before_the_window_is_over_a_backup_can_be_restored(people: list[Enrollment]) -> None:
    sealed, now = notes(people), utc_now()
    backup = list(DataKey.objects.values_list("pk", "wrapped", "key_epoch"))
    assert rotation.rotate(now=now, window=14 * DAY).destroyed == ()
    for pk, wrapped, epoch in backup:
        DataKey.objects.filter(pk=pk).update(wrapped=wrapped, key_epoch=epoch)
    assert len(readable(sealed)) == 5
    assert rotation.rotate(now=now + 13 * DAY, window=14 * DAY, only_if_due=True).destroyed == ()
    # In use again at day 13, after which the window begins anew.
    assert rotation.rotate(now=now + 26 * DAY, window=14 * DAY, only_if_due=True).destroyed == ()
    last = rotation.rotate(now=now + 28 * DAY, window=14 * DAY, only_if_due=True)
    assert last.destroyed == (backup[0][2],)
    assert len(readable(sealed)) == 5


def test_keys_from_before_there_were_epochs_are_moved(people: list[Enrollment], settings: Settings) -> None:
    sealed = notes(people)
    root = sealing.subkey(settings.DATA_KEY.encode(), "kek")
    for row in DataKey.objects.select_related("enrollment__study"):
        context = f"v1|{row.enrollment.study.public_id}|{row.enrollment.public_id}|data-key"
        plain = sealing.unseal(keyring.key(row.key_epoch), bytes(row.wrapped), context=context)
        row.wrapped = sealing.seal(root, plain, context=context)
        row.key_epoch = keyring.LEGACY
        row.save()
    assert len(readable(sealed)) == 5
    assert rotation.rotate(now=utc_now(), window=NEVER).n_rewrapped == 5 + 5
    assert len(readable(sealed)) == 5
    assert epochs_in_use().isdisjoint({keyring.LEGACY})


@pytest.mark.parametrize("step", ["begun", "half moved", "moved", "being destroyed"])
def test_a_rotation_that_is_cut_short_is_taken_up(
    people: list[Enrollment], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    sealed, (old,) = notes(people), epochs_in_use()
    keys.shred(people[0], now=utc_now())
    with monkeypatch.context() as patch:
        patch.setattr(rotation, "BATCH", 2)
        if step == "begun":
            patch.setattr(rotation, "_rewrap", die)
        elif step == "half moved":
            moved = iter([True, True, True])
            move = rotation._moved
            patch.setattr(rotation, "_moved", lambda *row: move(*row) if next(moved, False) else die())
        elif step == "moved":
            patch.setattr(rotation, "_destroy_unused", die)
        else:
            patch.setattr(Path, "unlink", die)
        with pytest.raises(Killed):
            rotation.rotate(now=utc_now(), window=AT_ONCE)
    assert readable(sealed) == ["p1", "p2", "p3", "p4"]
    rotation.rotate(now=utc_now(), window=AT_ONCE, only_if_due=True)
    assert readable(sealed) == ["p1", "p2", "p3", "p4"]
    assert old not in keyring.epochs() and len(epochs_in_use()) == 1


@hypothesis_settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.sampled_from(["rotate", "due", "destroy", "shred", "join"]), max_size=8))
def test_after_any_sequence_of_rotations_everyones_data_open(study: Study, steps: list[str]) -> None:
    now, n = utc_now(), Enrollment.objects.count()
    people = [factories.enrollment(study, f"q{n}-{i}") for i in range(3)]
    sealed = notes(people)
    for i, step in enumerate(steps):
        now += 10 * DAY
        if step == "shred" and people:
            keys.shred(people.pop(), now=now)
        elif step == "join":
            people.append(factories.enrollment(study, f"q{n}-j{i}"))
            sealed |= notes(people[-1:])
        else:
            window = AT_ONCE if step == "destroy" else 14 * DAY
            rotation.rotate(now=now, window=window, only_if_due=step == "due")
        assert set(readable(sealed)) == {one.code for one in people}
        assert epochs_in_use() <= set(keyring.epochs())


def test_an_epoch_ends_after_a_month_or_a_window_after_somebody_was_forgotten(
    people: list[Enrollment],
) -> None:
    (epoch,), now = epochs_in_use(), utc_now()
    assert not rotation.is_due(epoch, now=now + 29 * DAY, window=14 * DAY)
    assert rotation.is_due(epoch, now=now + 30 * DAY, window=14 * DAY)
    keys.shred(people[0], now=now)
    assert not rotation.is_due(epoch, now=now + 13 * DAY, window=14 * DAY)
    assert rotation.is_due(epoch, now=now + 14 * DAY, window=14 * DAY)


def test_an_epoch_that_is_not_there_is_a_503_and_nothing_is_kept(
    phone: Phone, device: tuple[Device, str], folder: Path
) -> None:
    away = folder.rename(folder.with_name("away"))
    forget_opened()
    status, answer = phone.send({"screen": screen()})
    assert (status, answer["errors"][0]["code"], answer["retry"]) == (503, "keys_unavailable", True)
    with pytest.raises(keys.KeyUnavailable):  # no new epoch is begun beside those that are missing
        factories.enrollment(device[0].enrollment.study, "late")
    away.rename(folder)
    assert phone.send({"screen": screen()})[0] == 201


def test_an_altered_epoch_does_not_open(ada: Enrollment, folder: Path) -> None:
    path = next(folder.glob("*.key"))
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + bytes([path.read_bytes()[-1] ^ 1]))
    forget_opened()
    with pytest.raises(keys.KeyUnavailable):
        keys.blob_key(ada)


def test_epochs_are_secret_files_that_no_database_holds(ada: Enrollment, folder: Path) -> None:
    (path,) = folder.glob("*.key")
    assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o400, 0o700)
    assert keyring.key(int(path.stem)) not in path.read_bytes()


def test_processes_that_begin_an_epoch_together_share_one(folder: Path, settings: Settings) -> None:
    link, numbers = keyring.os.link, []

    def raced(*paths: Path) -> None:
        if not numbers:
            numbers.append(0)
            numbers[0] = keyring.create(after=keyring.LEGACY)
        link(*paths)

    keyring.os.link, restore = raced, link  # type: ignore[assignment]
    try:
        mine = keyring.create(after=keyring.LEGACY)
    finally:
        keyring.os.link = restore
    assert (keyring.epochs(), numbers) == ([mine], [mine])
    assert len(list(folder.iterdir())) == 1


def test_a_destroyed_epoch_leaves_nothing_of_its_key_and_its_number_is_not_used_again(folder: Path) -> None:
    first = keyring.create(after=keyring.LEGACY)
    copy = folder / "link"
    copy.hardlink_to(folder / f"{first:06}.key")
    keyring.destroy(first)
    assert set(copy.read_bytes()) == {0}
    assert keyring.create(after=keyring.LEGACY) == first + 1
    with pytest.raises(keys.KeyDestroyed):
        keyring.key(first)


def test_a_key_that_does_not_open_keeps_its_epoch_and_is_reported(people: list[Enrollment]) -> None:
    (old,) = epochs_in_use()
    others = bytes(people[1].data_key.wrapped)
    DataKey.objects.filter(enrollment=people[0]).update(wrapped=others)
    forget_opened()
    out = StringIO()
    with pytest.raises(CommandError, match="1 keys do not open"):
        call_command("rotate_keys", window_days=0, stdout=out)
    assert "9 keys moved to it, destroyed: none" in out.getvalue()
    assert old in keyring.epochs()


def test_the_command_says_what_it_did_and_the_record_keeps_it(people: list[Enrollment]) -> None:
    (old,), out = epochs_in_use(), StringIO()
    call_command("rotate_keys", window_days=0, stdout=out)
    assert out.getvalue() == f"epoch {old + 1}: 10 keys moved to it, destroyed: {old}\n"
    acts = AuditEntry.objects.filter(action__startswith="key.").values_list("action", "object")
    assert list(acts) == [("key.epoch_begun", str(old + 1)), ("key.epoch_destroyed", str(old))]


def test_keys_are_moved_in_few_statements(people: list[Enrollment]) -> None:
    with CaptureQueriesContext(connection) as few:
        rotation.rotate(now=utc_now(), window=NEVER)
    n: Any = len(few)
    for i in range(20):
        factories.enrollment(people[0].study, f"more{i}")
    with CaptureQueriesContext(connection) as many:
        rotation.rotate(now=utc_now(), window=NEVER)
    assert len(many) == n
