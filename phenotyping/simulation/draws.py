"""Random numbers with an address: the same (seed, name, slot) gives the same numbers in any window."""

from zlib import crc32

import numpy as np
from numpy.random import Generator, Philox
from numpy.typing import NDArray

Reals = NDArray[np.float64]

_PER_BLOCK = 4  # numbers that one count of the generator gives
_LEAST = 2.0**-53


def uniform(seed: int, name: str, first: int, n: int, k: int = 1) -> Reals:
    """Uniform numbers in (0, 1) for `n` consecutive slots.

    Parameters
    ----------
    seed : int
        The person's seed, 0 <= seed < 2**64.
    name : str
        What the numbers are for; names do not share numbers.
    first : int
        The first slot, counted from a fixed origin (minute of the epoch, ordinal of a date); not negative.
    n, k : int
        Slots, and numbers a slot. A name is always used with one `k`.

    Returns
    -------
    numbers : float array of shape (n, k)
        Row i depends on (seed, name, first + i) and on nothing else.

    References
    ----------
    Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3 (Philox, a counter-based generator).
    """
    blocks = -(-k // _PER_BLOCK)
    key = np.array([seed, crc32(name.encode())], np.uint64)
    numbers = Generator(Philox(key=key, counter=first * blocks)).random((max(n, 0), blocks * _PER_BLOCK))
    return np.maximum(numbers[:, :k], _LEAST)


def normal(seed: int, name: str, first: int, n: int, k: int = 1) -> Reals:
    """Standard normal numbers of shape (n, k), addressed as in `uniform`."""
    return to_normal(uniform(seed, name, first, n, k))


def to_normal(u: Reals) -> Reals:
    """Standard normal numbers of the same shape as the uniform `u`, by the inverse distribution function."""
    from scipy.special import ndtri  # noqa: PLC0415  slow to import

    return np.asarray(ndtri(u), np.float64)


def lognormal(u: Reals, median: float, sigma: float) -> Reals:
    """Log-normal numbers of the same shape as the uniform `u`; `sigma` is on the log scale."""
    return median * np.exp(sigma * to_normal(u))
