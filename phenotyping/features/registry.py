"""The registry: every phenotype, in a fixed order, and the version of the whole set."""

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType

from phenotyping.features import battery, communication, location, screen, sleep, steps, survey
from phenotyping.features.phenotype import Phenotype
from phenotyping.features.sensor import Sensor
from wellness.lib.canonical import digest

__all__ = ["FEATURE_SET_VERSION", "REGISTRY", "SENSORS", "Phenotype"]

SENSORS: tuple[Sensor, ...] = (
    screen.SENSOR,
    battery.SENSOR,
    location.SENSOR,
    steps.SENSOR,
    sleep.SENSOR,
    *communication.SENSORS,
)

REGISTRY: Mapping[str, Phenotype] = MappingProxyType(
    {
        phenotype.name: phenotype
        for phenotypes in (*(sensor.phenotypes for sensor in SENSORS), survey.PHENOTYPES)
        for phenotype in phenotypes
    }
)

FEATURE_SET_VERSION: str = digest([asdict(phenotype) for phenotype in REGISTRY.values()])[:16]
