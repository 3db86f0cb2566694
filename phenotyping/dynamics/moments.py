"""Moments of a cohort: its mean, how people differ, how their days differ, and the weekdays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAYS = 7
PSEUDO_PEOPLE = 2.0
PSEUDO_DAYS = 10.0  # twin.md section 2: the best pooled model shrank a person's sd with 10 pseudo-days
PSEUDO_DAYS_GRID = np.array([1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 25.0, 50.0])
FLAT = 1e-3  # a person's variance below this share of the group's is read as this share


@dataclass(frozen=True)
class Moments:
    """What a cohort says of one variable before any dynamics, on the transformed scale."""

    n_people: int
    n_days: int
    mean: float
    between_var: float
    within_var: float
    weekday: tuple[float, ...]
    weekday_var: float
    pseudo_days: float


UNKNOWN = Moments(0, 0, 0.0, 1.0, 1.0, (0.0,) * DAYS, 0.0, PSEUDO_DAYS)


def by_weekday(values: Floats, weekday: Ints) -> tuple[Floats, Floats]:
    """Sum and count of each person's finite values by weekday, both (n_people, 7)."""
    seen = np.isfinite(values)
    known = np.where(seen, values, 0.0)
    on = [weekday == day for day in range(DAYS)]
    sums = np.stack([(known * day).sum(axis=1) for day in on], axis=1)
    return sums, np.stack([(seen & day).sum(axis=1) for day in on], axis=1).astype(np.float64)


def own_means(values: Floats) -> tuple[Floats, Floats]:
    """Each row's mean over its finite values (0 when it has none) and their number."""
    seen = np.isfinite(values)
    n = seen.sum(axis=1).astype(np.float64)
    return np.where(seen, values, 0.0).sum(axis=1) / np.maximum(n, 1.0), n


def cohort_moments(y: Floats, weekday: Ints, weak: Moments | None = None) -> Moments:
    """Moments of (n_people, n_days) values with nan gaps; `weak` counts as a few pseudo-people.

    References
    ----------
    Moment estimators of a one-way random-effects layout; Morris (1983), JASA 78:47-55.
    """
    base = weak or UNKNOWN
    n_days = int(np.isfinite(y).sum())
    if n_days == 0:
        return base
    group = _weekday_means(y, weekday)
    means, n = own_means(y - group[weekday])
    means, n = means[n > 0], n[n > 0]
    within = _within(y, group[weekday], weak)
    spread = float(np.var(means, ddof=1) - np.mean(within / n)) if len(n) > 1 else 0.0
    guess = weak.between_var if weak else within
    between = ((len(n) - 1) * max(spread, 0.0) + PSEUDO_PEOPLE * guess) / (len(n) - 1 + PSEUDO_PEOPLE)
    precision = 1 / (between + within / n)
    anchor = 1 / weak.between_var if weak else 0.0
    mean = float((precision @ means + anchor * base.mean) / (precision.sum() + anchor))
    shrunk, personal = _shrunk_weekday(y, weekday, group, within)
    pseudo_days = _pseudo_days(y - group[weekday], within, base.pseudo_days)
    return Moments(len(n), n_days, mean, between, within, tuple(shrunk.tolist()), personal, pseudo_days)


def _weekday_means(y: Floats, weekday: Ints) -> Floats:
    """Weekday effects of the group (7,), summing to 0; two rounds for unequal numbers of weekdays."""
    effect = np.zeros(DAYS)
    for _ in range(2):
        means, _n = own_means(y - effect[weekday])
        sums, counts = by_weekday(y - means[:, None], weekday)
        effect = sums.sum(axis=0) / np.maximum(counts.sum(axis=0), 1.0)
        effect = effect - effect.mean()
    return effect


def _within(y: Floats, group: Floats, weak: Moments | None) -> float:
    """Pooled variance of days within persons, never 0."""
    means, n = own_means(y - group)
    squares = float(np.nansum((y - group - means[:, None]) ** 2))
    freedom = float(np.maximum(n - 1, 0).sum())
    total = float(np.var(y[np.isfinite(y)]))
    if weak:
        squares, freedom = squares + weak.pseudo_days * weak.within_var, freedom + weak.pseudo_days
    if freedom == 0:
        return total if total > 0 else UNKNOWN.within_var
    return max(squares / freedom, 1e-4 * total, 1e-6)


def _pseudo_days(values: Floats, within: float, usual: float) -> float:
    """How many days the group's variance weighs in a person's: few when people differ much in theirs.

    With variances inverse-chi-square over people, s_i^2 is F-distributed (Smyth 2004), and the posterior
    mean of a variance has d0 - 2 pseudo-days. The likeliest grid point, with a mild preference for `usual`.
    """
    means, n = own_means(values)
    own = np.nansum((values - means[:, None]) ** 2, axis=1)[n > 1]
    freedom = (n - 1)[n > 1]
    ratio = np.maximum(own / freedom / within, FLAT)[:, None]
    scale = PSEUDO_DAYS_GRID / (PSEUDO_DAYS_GRID + 2)
    fit = _log_f(ratio / scale, freedom[:, None], PSEUDO_DAYS_GRID + 2) - np.log(scale)
    score = fit.sum(axis=0) - 0.5 * np.log(PSEUDO_DAYS_GRID / usual) ** 2
    return float(PSEUDO_DAYS_GRID[np.argmax(np.round(score, 9))])


def _log_f(x: Floats, n: Floats, m: Floats) -> Floats:
    """Log density of an F distribution with n and m degrees of freedom, as scipy.stats.f.logpdf."""
    from scipy.special import betaln, xlogy  # noqa: PLC0415  slow to import

    density: Floats = (
        (m * np.log(m) + n * np.log(n)) / 2
        + xlogy(n / 2 - 1, x)
        - (n + m) / 2 * np.log(m + n * x)
        - betaln(n / 2, m / 2)
    )
    return density


def _shrunk_weekday(y: Floats, weekday: Ints, group: Floats, within: float) -> tuple[Floats, float]:
    """Group weekday effects shrunk to 0, and the variance of personal ones around them."""
    means, _n = own_means(y - group[weekday])
    sums, counts = by_weekday(y - group[weekday] - means[:, None], weekday)
    repeated = counts >= 2
    cells = (sums[repeated] / counts[repeated]) ** 2 - within / counts[repeated]
    personal = max(float(cells.mean()), 0.0) if cells.size else 0.0
    people = np.maximum((counts > 0).sum(axis=0), 1.0)
    error = within / np.maximum(counts.sum(axis=0), 1.0) + personal / people
    signal = max(float(np.mean(group**2 * DAYS / (DAYS - 1) - error)), 0.0)
    return group * signal / (signal + error), personal
