"""What a benchmark found, and how much it looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Figures = dict[str, float | None]


@dataclass(frozen=True)
class Found:
    """Figures by name, None where one could not be measured; `notes` says why, by the same name."""

    figures: Figures
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sizes:
    """How much is measured: rows of large uploads, how many, seconds of small ones; people who agreed."""

    n_rows: int = 36_000  # twelve minutes at 50 Hz
    n_uploads: int = 40
    small_s: float = 6.0
    n_primed: int = 180_000  # rows each of twenty people that COPY's table holds before: an hour at 50 Hz
    n_people: int = 200  # others who agreed to everything
    n_asked: int = 2_000  # how often the gate is asked


FULL = Sizes()
QUICK = Sizes(n_rows=2_000, n_uploads=2, small_s=0.3, n_primed=1_000, n_people=3, n_asked=50)
