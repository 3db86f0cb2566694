"""What a sensor module offers: its phenotypes, and how a day of samples becomes their values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phenotyping.features.coverage import ALIVE_US, Instants, held_until, merged, overlap
from phenotyping.features.phenotype import Phenotype
from phenotyping.features.rows import distinct
from phenotyping.features.window import DayWindow
from phenotyping.streams.samples import TIME, Columns, between


@dataclass(frozen=True)
class SensedDay:
    """The samples that values of one window may depend on, repeats left out."""

    samples: Mapping[str, Columns]
    window: DayWindow

    @classmethod
    def of(cls, samples: Mapping[str, Columns], window: DayWindow) -> "SensedDay":
        """The padded part of the samples; what lies outside never changes a value."""
        start_us, end_us = window.padded
        near = {name: distinct(between(rows, start_us, end_us)) for name, rows in samples.items()}
        return cls(near, window)

    def times(self, stream: str) -> Instants:
        """Instants of the rows of a stream, ascending."""
        return self.samples[stream][TIME]

    def words(self, stream: str, name: str) -> NDArray[Any]:
        """A word or text column; None where missing or when the whole column is."""
        return self._column(stream, name, None, np.object_)

    def numbers(self, stream: str, name: str) -> NDArray[np.float64]:
        """A number column as floats; nan where missing or when the whole column is."""
        return self._column(stream, name, np.nan, np.float64)

    def alive_us(self, start_us: int, end_us: int) -> int:
        """Microseconds of an interval with the phone app alive, as rows of any stream show (M1, M3)."""
        return int(overlap(*self.alive, start_us, end_us).sum())

    @cached_property
    def alive(self) -> tuple[Instants, Instants]:
        """Starts and ends of the times with the phone app alive, one for each row of any stream."""
        times = merged(rows[TIME] for rows in self.samples.values())
        return times, held_until(times, ALIVE_US)

    @cached_property
    def window_alive_us(self) -> int:
        """Microseconds of the window in which the phone app was alive."""
        return self.alive_us(self.window.start_us, self.window.end_us)

    def _column(self, stream: str, name: str, missing: object, kind: type) -> NDArray[Any]:
        rows = self.samples[stream]
        if name in rows:
            return rows[name].astype(kind, copy=False)
        return np.full(rows[TIME].size, missing, kind)


@dataclass(frozen=True)
class Reading:
    """Values of one sensor on one day by phenotype name, None where undefined, with their coverage."""

    observed_us: int
    expected_us: int
    values: Mapping[str, float | None]


@dataclass(frozen=True)
class Sensor:
    """Phenotypes that share streams and coverage, and the function that measures them."""

    phenotypes: tuple[Phenotype, ...]
    measure: Callable[[SensedDay], Reading]

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that all its phenotypes need."""
        return self.phenotypes[0].streams


def alive_reading(day: SensedDay, values: Mapping[str, float | None]) -> Reading:
    """A reading of an event stream: silence of an alive phone means that nothing happened."""
    return Reading(day.window_alive_us, day.window.end_us - day.window.start_us, values)
