"""What one phenotype is: its unit, meaning, origin and the data it needs."""

from dataclasses import dataclass
from typing import Literal

Domain = Literal["screen", "device", "mobility", "activity", "sleep", "social", "self_report"]
ScaleName = Literal["sqrt", "identity", "logit"]


@dataclass(frozen=True)
class Phenotype:
    """One daily variable of a person.

    `streams`: all that it is computed from (consent needs each of them). `scale`: where its noise is roughly
    even. `min_yield`: below this share of observed to expected minutes the value is null. `low`, `high`: the
    closed range of possible values.
    """

    name: str
    label: str
    unit: str
    domain: Domain
    definition: str
    source: str
    streams: tuple[str, ...]
    scale: ScaleName
    min_yield: float
    low: float
    high: float
    version: int = 1
