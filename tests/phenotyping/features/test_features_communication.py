import pytest

from phenotyping.features.day import compute_day


@pytest.fixture
def social(columns, alive, window):
    def values(calls=(), messages=()):
        samples = {
            "calls": columns("direction duration_s contact", *calls),
            "messages": columns("direction contact", *messages),
        }
        return {name: found.value for name, found in compute_day({**samples, **alive}, window).items()}

    return values


def test_calls_count_where_they_begin_and_talk_splits_at_midnight(social):
    found = social(
        [
            (-10, "incoming", 1_200.0, "ann"),
            (600, "incoming", 60.0, "bob"),
            (610, "outgoing", 30.0, "bob"),
            (620, "missed", 20.0, "cyd"),
            (1_435, "outgoing", 600.0, "dan"),
        ]
    )
    counts = [found[f"calls.{word}_count"] for word in ("incoming", "outgoing", "missed")]
    assert counts == [1, 2, 1]
    assert found["calls.total_duration"] == 600 + 60 + 30 + 300
    assert found["calls.distinct_contacts"] == 3


def test_messages_without_calls_are_counted(social):
    """Case 15: willow writes no file when there are texts but no calls."""
    found = social(messages=[(600, "incoming", "ann"), (601, "outgoing", "ann"), (602, "outgoing", "bob")])
    assert (found["calls.incoming_count"], found["calls.total_duration"]) == (0, 0)
    assert (found["messages.incoming_count"], found["messages.outgoing_count"]) == (1, 2)
    assert (found["messages.distinct_contacts"], found["communication.distinct_contacts"]) == (2, 2)


def test_one_person_who_calls_and_writes_is_one_contact(social):
    found = social([(600, "incoming", 60.0, "ann")], [(601, "incoming", "ann"), (602, "incoming", "bob")])
    assert found["communication.distinct_contacts"] == 2


def test_contacts_without_any_hash_are_undefined_and_partly_known_ones_are_counted(social):
    nobody, some = (600, "incoming", 60.0, None), (700, "incoming", 60.0, "ann")
    assert social([nobody])["calls.distinct_contacts"] is None
    assert social([nobody])["communication.distinct_contacts"] is None
    assert social([nobody, some])["calls.distinct_contacts"] == 1


def test_a_repeated_row_is_one_call(social):
    assert social([(600, "incoming", 60.0, "ann")] * 3)["calls.incoming_count"] == 1


def test_joint_contacts_need_both_streams(columns, alive, window):
    found = compute_day({"calls": columns("direction"), **alive}, window)
    assert set(found) == {name for name in found if name.startswith("calls.")}
    assert found["calls.distinct_contacts"].value == 0
