"""The daily measures that pages show, in the order they are shown, and how they are said."""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from phenotyping.features.registry import REGISTRY

Kind = Literal["duration", "score", "count"]


@dataclass(frozen=True)
class Measure:
    """One phenotype on a page: `label` heads its chart, `one` and `many` name what is counted."""

    phenotype: str
    label: str
    kind: Kind
    least_spread: float  # a steadier person would be called changed by noise, or by one more of a few
    high: float
    one: str = ""
    many: str = ""
    grows: bool = True  # through the day, so that today's value is not yet one

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams it is computed from: to show it, all of them must be shared."""
        return REGISTRY[self.phenotype].streams

    @property
    def about(self) -> str:
        """What it is, in one sentence."""
        return REGISTRY[self.phenotype].definition


MEASURES = MappingProxyType(
    {
        measure.phenotype: measure
        for measure in (
            Measure("sleep.duration", "Sleep", "duration", 20, 1440, grows=False),
            Measure("steps.total", "Steps", "count", 400, 200_000, "step", "steps"),
            Measure("survey.mood", "Mood", "score", 0.5, 10, grows=False),
            Measure("survey.stress", "Stress", "score", 0.5, 10, grows=False),
            Measure("screen.unlock_total_duration", "Phone use", "duration", 15, 1440),
            Measure(
                "location.significant_places_visited", "Places visited", "count", 1.01, 100, "place", "places"
            ),
            Measure("location.time_at_home", "Time at home", "duration", 45, 1440),
            Measure(
                "communication.distinct_contacts", "People in touch", "count", 1.01, 1000, "person", "people"
            ),
        )
    }
)

PRIMARY = ("sleep.duration", "steps.total", "survey.mood", "screen.unlock_total_duration")  # first one shared
OWN = (
    "sleep.duration",
    "steps.total",
    "screen.unlock_total_duration",
    "survey.mood",
    "location.significant_places_visited",
)


def shown(names: Iterable[str]) -> list[Measure]:
    """The measures of these names, in the order of pages."""
    wanted = frozenset(names)
    return [measure for name, measure in MEASURES.items() if name in wanted]


def shared(streams: Iterable[str]) -> list[Measure]:
    """The measures whose streams are all among these."""
    given = frozenset(streams)
    return [measure for measure in MEASURES.values() if given.issuperset(measure.streams)]
