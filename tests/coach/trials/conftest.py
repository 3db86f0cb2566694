"""The `tiny` trial of coach.md 7: 12 people x 10 points made by integer arithmetic, no random numbers."""

from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture(scope="session")
def tiny() -> SimpleNamespace:
    i, t = (axis.ravel() for axis in np.meshgrid(np.arange(12), np.arange(10), indexing="ij"))
    s = ((i + t) % 3 == 0).astype(int)
    p = np.where(t % 2 == 0, 0.3, 0.6)
    available = (i + 2 * t) % 6 != 0
    h = (5 * i**2 + 3 * t**2 + 7 * i * t + 2 * i + t) % 10
    a = ((h < np.where(t % 2 == 0, 3, 6)) & available).astype(int)
    base = 1 + 0.2 * ((3 * i + 5 * t + 2 * i * t + i**2) % 9) + 0.5 * s
    a3 = np.where(~available, 0, np.select([h < 3, h < 6], [1, 2], 0))
    ones = np.ones(120)
    return SimpleNamespace(
        person=i,
        t=t,
        s=s,
        p=p,
        available=available,
        h=h,
        a=a,
        a3=a3,
        ones=ones,
        y=base + a * (0.4 - 0.03 * t),
        yb=((2 * i + 3 * t + i * t + 2 * a + 2 * s) % 7 < 3).astype(int),
        y3=base + 0.4 * (a3 == 1) - 0.1 * (a3 == 2),
        controls=np.column_stack([ones, s]),
    )


@pytest.fixture
def marginal(tiny):
    """Keyword arguments of the marginal effect with controls 1 and s."""
    return {
        "available": tiny.available,
        "moderators": tiny.ones,
        "controls": tiny.controls,
        "cluster": tiny.person,
    }
