"""What a policy has learned: an immutable, versioned normal posterior."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from wellness.lib.canonical import digest


@dataclass(frozen=True)
class Posterior:
    """A normal posterior over policy weights, learned from `n` closed outcomes up to `watermark_us`.

    Parameters
    ----------
    mean : tuple of shape (d,)
    covariance : tuple of d tuples of shape (d,)
        Symmetric and positive definite; ValueError otherwise, so that no other is ever published.
    n : int
        Outcomes used.
    watermark_us : int
        Instant up to which the data were complete, microseconds UTC.
    """

    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    n: int
    watermark_us: int

    def __post_init__(self) -> None:
        mean, cov = np.asarray(self.mean), np.asarray(self.covariance)
        if cov.shape != (mean.size, mean.size) or not np.isfinite(mean).all() or not np.isfinite(cov).all():
            raise ValueError("a posterior has a finite mean and a finite square covariance")
        if not np.allclose(cov, cov.T, rtol=1e-9, atol=0) or np.linalg.eigvalsh(cov).min() <= 0:
            raise ValueError("the covariance of a posterior is symmetric and positive definite")

    @property
    def digest(self) -> str:
        """The SHA-256 that names this version in a decision."""
        return digest(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """The plain form to store."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Posterior":
        """The stored posterior, with the same digest."""
        cov = tuple(tuple(row) for row in stored["covariance"])
        return cls(tuple(stored["mean"]), cov, stored["n"], stored["watermark_us"])
