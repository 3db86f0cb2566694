import base64

import pytest

from tests import factories
from wellness import keyring
from wellness.lib.sealing import SealBroken, unseal
from wellness.studies import keys
from wellness.studies.models import DataKey, Enrollment, Study


@pytest.fixture
def bo(study: Study) -> Enrollment:
    return factories.enrollment(study, "bo")


def test_a_value_opens_for_its_person_and_place_only(ada: Enrollment, bo: Enrollment) -> None:
    sealed = keys.seal_json(ada, "day|2026-01-05|values", {"sleep_h": 7.5})
    assert keys.unseal_json(ada, "day|2026-01-05|values", sealed) == {"sleep_h": 7.5}
    for person, context in ((bo, "day|2026-01-05|values"), (ada, "day|2026-01-06|values")):
        with pytest.raises(SealBroken):
            keys.unseal(person, context, sealed)


def test_what_the_database_holds_does_not_show_the_value(ada: Enrollment) -> None:
    sealed = keys.seal(ada, "note", b"canary-4711")
    assert b"canary" not in sealed
    assert base64.b64encode(b"canary") not in sealed


def test_blobs_and_fields_have_keys_of_their_own(ada: Enrollment, bo: Enrollment) -> None:
    key, epoch = keys.blob_key(ada)
    assert epoch == ada.data_key.key_epoch
    assert key != keys.blob_key(bo)[0]
    with pytest.raises(SealBroken):
        unseal(key, keys.seal(ada, "x", b"x"), context=f"v1|{ada.study.public_id}|{ada.public_id}|x")


def test_a_destroyed_key_opens_nothing_ever_again(ada: Enrollment) -> None:
    sealed = keys.seal(ada, "note", b"x")
    keys.shred(ada, now=factories.JOINED_AT)
    assert ada.data_key.shredded_at == factories.JOINED_AT
    assert ada.data_key.wrapped is None
    for use in (lambda: keys.unseal(ada, "note", sealed), lambda: keys.blob_key(ada)):
        with pytest.raises(keys.KeyDestroyed):
            use()


def test_another_process_forgets_a_destroyed_key_within_a_minute(
    ada: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.seal(ada, "note", b"x")
    opened_at = keys.time.monotonic()
    DataKey.objects.filter(enrollment=ada).update(wrapped=None, shredded_at=factories.JOINED_AT)
    monkeypatch.setattr(keys.time, "monotonic", lambda: opened_at + 61)
    with pytest.raises(keys.KeyDestroyed):
        keys.seal(ada, "note", b"x")


def test_opening_again_asks_the_database_nothing(ada: Enrollment, django_assert_num_queries) -> None:
    keys.seal(ada, "note", b"x")
    person = Enrollment.objects.get(pk=ada.pk)
    with django_assert_num_queries(0):
        keys.seal(person, "note", b"x")


def test_the_keys_of_many_people_are_opened_in_one_query(
    ada: Enrollment, bo: Enrollment, django_assert_num_queries
) -> None:
    keys.shred(bo, now=factories.JOINED_AT)
    keys._opened.clear()
    people = list(Enrollment.objects.select_related("study"))
    with django_assert_num_queries(1):
        keys.warm(people)
    with django_assert_num_queries(0):
        keys.blob_key(ada)
    with pytest.raises(keys.KeyDestroyed):
        keys.blob_key(bo)


def test_without_the_right_wrapping_key_a_stored_key_opens_nothing(
    ada: Enrollment, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.blob_key(ada)
    keys._opened.clear()
    monkeypatch.setattr(keyring, "_opened", {})
    settings.DATA_KEY = "another wrapping key"
    with pytest.raises(keys.KeyUnavailable):
        keys.blob_key(ada)


def test_a_wrapped_key_moved_to_another_person_does_not_open(ada: Enrollment, bo: Enrollment) -> None:
    DataKey.objects.filter(enrollment=bo).update(wrapped=bytes(ada.data_key.wrapped))
    keys._opened.clear()
    with pytest.raises(SealBroken):
        keys.blob_key(bo)
