"""Batched Kalman filter of a personal mean and a mean-reverting level; every person has own parameters."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PEOPLE_AT_ONCE = 512  # x 30 grid points x 8 bytes: the working set stays in the cache
LOG_2PI = float(np.log(2 * np.pi))


class Parameters(NamedTuple):
    """phi, q, r of the level and the noise, and the prior variance of the mean; arrays that broadcast."""

    phi: Floats
    q: Floats
    r: Floats
    mean_var: Floats


class State(NamedTuple):
    """Mean m and level l with their covariance, each an array over persons."""

    m: Floats
    l: Floats  # noqa: E741 - the level is l in the model's equations
    var_m: Floats
    cov: Floats
    var_l: Floats


class Path(NamedTuple):
    """States after each day, and the days' innovations (nan when missing) and variances: (n_days, ...)."""

    states: State
    innovation: Floats
    variance: Floats


def start(parameters: Parameters) -> State:
    """The state before any day: the mean's prior, and the level's stationary distribution."""
    phi, q, r, mean_var = np.broadcast_arrays(*parameters)
    zero = np.zeros(r.shape)
    return State(zero, zero, np.asarray(mean_var, np.float64), zero, q / (1 - phi**2))


def step(state: State, parameters: Parameters, x: Floats) -> tuple[State, Floats, Floats]:
    """The state one day later, with the innovation and its variance; a nan day is a prediction only.

    Parameters
    ----------
    x : array
        The day's deviation from the group mean and the weekday, on the model's line.

    Notes
    -----
    x_t = m + l_t + e_t, l_t = phi l_{t-1} + n_t, e ~ N(0, r), n ~ N(0, q); m is constant.
    """
    phi, q, r, _ = parameters
    level, cov, var_l = phi * state.l, phi * state.cov, phi * phi * state.var_l + q
    innovation = x - state.m - level
    seen = np.isfinite(innovation)
    known = np.where(seen, innovation, 0.0)
    towards_m, towards_l = state.var_m + cov, cov + var_l
    variance = towards_m + towards_l + r
    weight = seen / variance
    gain_m, gain_l = towards_m * weight, towards_l * weight
    moved = State(
        state.m + gain_m * known,
        level + gain_l * known,
        state.var_m - gain_m * towards_m,
        cov - gain_m * towards_l,
        var_l - gain_l * towards_l,
    )
    return moved, innovation, variance


def run(x: Floats, parameters: Parameters) -> Path:
    """The path of filtered states of all persons.

    Parameters
    ----------
    x : (n_days, n_people) array
        Deviations, nan when missing.
    """
    state, states, innovations, variances = start(parameters), [], [], []
    for today in x:
        state, innovation, variance = step(state, parameters, today)
        states.append(state)
        innovations.append(innovation)
        variances.append(variance)
    columns = (np.array(column) for column in zip(*states, strict=True))
    return Path(State(*columns), np.array(innovations), np.array(variances))


def log_likelihood(x: Floats, parameters: Parameters) -> Floats:
    """Gaussian log-likelihood of each person under each parameter set, mean and level integrated out.

    Parameters
    ----------
    x : (n_days, n_people) array
        Deviations, nan when missing; missing days add nothing.
    parameters : of shape (n_people, n_sets)

    Returns
    -------
    (n_people, n_sets) array
    """
    phi, q, r, mean_var = np.broadcast_arrays(*parameters)
    n_people = r.shape[0]
    parts = []
    for first in range(0, n_people, PEOPLE_AT_ONCE):
        some = slice(first, first + PEOPLE_AT_ONCE)
        parts.append(_log_likelihood(x[:, some], Parameters(phi[some], q[some], r[some], mean_var[some])))
    return np.concatenate(parts) if parts else np.zeros(r.shape)


def _log_likelihood(x: Floats, parameters: Parameters) -> Floats:
    state, total = start(parameters), np.zeros(parameters.r.shape)
    for today in x:
        state, innovation, variance = step(state, parameters, today[:, None])
        terms = np.log(variance) + innovation * innovation / variance
        total += np.where(np.isfinite(innovation), terms, 0.0)
    n_seen = np.isfinite(x).sum(axis=0)[:, None]
    return np.asarray(-0.5 * (total + n_seen * LOG_2PI), np.float64)


def ahead(state: State, parameters: Parameters, h: int) -> tuple[Floats, Floats]:
    """Mean and variance of the observation h days after the state."""
    phi, q, r, _ = parameters
    decay = phi**h
    grown = q / (1 - phi**2) * (1 - decay**2)
    variance = state.var_m + 2 * decay * state.cov + decay**2 * state.var_l + grown + r
    return state.m + decay * state.l, variance
