"""What waits on a phone explains what is missing, as far as its heartbeats know."""

import numpy as np
import pytest

from tests.phenotyping.features.gapped import M, alive, explained, rows


def backlogged(
    *silent: tuple[float, float], since: float, drained: float = 9_999, counted: bool = True
) -> dict[str, dict[str, np.ndarray]]:
    """A phone that senses a row a minute; from `since` on it sends its heartbeats only, until `drained`."""
    samples = alive(*silent)
    minutes = samples["device_health"]["time"] / M + 1_000  # on the phone since its first row
    settled = np.where((minutes < since + 1_000) | (minutes >= drained + 1_000), minutes, since + 1_000) - 5
    samples["device_health"]["n_unsent"] = minutes - settled
    if counted:
        samples["device_health"]["n_sent"] = settled
    return samples


@pytest.mark.parametrize("counted", [True, False])
def test_what_waits_on_a_living_phone_is_stalled(counted: bool) -> None:
    samples = backlogged(since=600, counted=counted)
    samples["gps"] = rows(range(-720, 605, 10))
    samples["heart_rate"] = rows(range(-720, 605, 5))
    assert explained(samples) == [(610, 1_440, "upload_stalled")]
    assert explained(samples, "heart_rate") == [(605, 1_440, "upload_stalled")]
    assert explained(samples, "screen") == []


@pytest.mark.parametrize("counted", [True, False])
def test_once_what_waited_has_gone_a_gap_is_no_stall(counted: bool) -> None:
    samples = backlogged(since=600, drained=1_700, counted=counted)
    samples["gps"] = rows([*range(-720, 605, 10), *range(1_500, 1_800, 10)])
    assert explained(samples) == [(610, 1_440, "unknown")]


def test_a_phone_that_sends_its_newest_rows_first_was_not_stopped() -> None:
    samples = backlogged((600, 1_020), since=600)
    assert explained(samples, "screen") == [(600, 1_020, "upload_stalled")]
    assert explained(samples) == [(600, 1_020, "upload_stalled")]


def test_a_count_that_began_anew_says_nothing_of_what_was_before() -> None:
    samples = backlogged(since=600)
    samples["gps"] = rows([*range(-720, 605, 10), *range(900, 1_800, 10)])
    again = samples["device_health"]["time"] >= 1_200 * M  # the app was installed again
    samples["device_health"]["n_sent"][again] = 0
    assert explained(samples) == [(610, 900, "unknown")]


def test_the_last_heartbeat_alone_stalls_nothing() -> None:
    samples = backlogged(since=-9_999)
    samples["gps"] = rows(range(-720, 605, 10))
    samples["device_health"] = {name: values[:1] for name, values in samples["device_health"].items()}
    assert explained(samples) == [(610, 1_440, "unknown")]
