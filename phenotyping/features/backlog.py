"""Backlog: since when what a phone sensed waits on it, by what its heartbeats count."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from phenotyping.features.coverage import Instants


def waiting(times_us: Instants, n_unsent: NDArray[Any], n_sent: NDArray[Any], start_us: int) -> int | None:
    """Since when rows still wait, as far as later heartbeats know; None when none do.

    Rows wait that a heartbeat counted and no later one saw go: less has been settled by now than there was
    then, or, where a phone does not count what was settled, what is unsent only grew. One heartbeat alone
    says nothing: it is counted just before the phone sends.

    Parameters
    ----------
    times_us : int array of shape (n_heartbeats,)
        When the phone counted, ascending.
    n_unsent, n_sent : arrays of shape (n_heartbeats,)
        Rows not settled yet, and rows settled since the app was installed; nan where not counted. `n_sent`
        may be empty.
    start_us : int
        What to take for the heartbeat before the first.

    Returns
    -------
    since_us : int or None
        Instant of the last heartbeat all of whose rows may have gone.
    """
    if times_us.size < 2:
        return None
    unsent = n_unsent.astype(np.float64)
    settled = n_sent.astype(np.float64) if n_sent.size else np.full(times_us.size, np.nan)
    known = ~np.isnan(settled)
    both = known[1:] & known[:-1]
    goes_on = np.where(both, np.diff(settled) >= 0, np.diff(unsent) > 0)  # else a count began anew
    waits = np.where(known, settled + unsent > settled[-1], True)[:-1]
    first = last = times_us.size - 1
    while first and goes_on[first - 1] and waits[first - 1]:
        first -= 1
    if first == last:
        return None
    return int(times_us[first - 1]) if first else start_us
