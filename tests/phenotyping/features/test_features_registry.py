import dataclasses
from typing import get_args

import pytest

from phenotyping.features.phenotype import Domain, ScaleName
from phenotyping.features.registry import FEATURE_SET_VERSION, REGISTRY, SENSORS
from phenotyping.streams.catalogue import STREAMS


@pytest.mark.parametrize("phenotype", REGISTRY.values(), ids=list(REGISTRY))
def test_a_phenotype_says_what_it_is(phenotype):
    assert all((phenotype.label, phenotype.unit, phenotype.definition, phenotype.source))
    assert phenotype.definition.endswith(".")
    assert phenotype.domain in get_args(Domain)
    assert phenotype.scale in get_args(ScaleName)
    assert phenotype.low < phenotype.high
    assert 0 <= phenotype.min_yield <= 1
    assert set(phenotype.streams) <= {*STREAMS, "survey"}


def test_names_and_labels_are_unique_and_nothing_is_missing():
    declared = sum(len(sensor.phenotypes) for sensor in SENSORS)
    assert len(REGISTRY) == declared + 4 == 39
    assert len({phenotype.label for phenotype in REGISTRY.values()}) == len(REGISTRY)


def test_phenotypes_of_a_sensor_share_their_streams():
    for sensor in SENSORS:
        assert {phenotype.streams for phenotype in sensor.phenotypes} == {sensor.streams}


def test_logit_is_only_for_shares():
    assert all((p.low, p.high) == (0, 1) for p in REGISTRY.values() if p.scale == "logit")


def test_the_registry_cannot_be_changed():
    with pytest.raises(TypeError):
        REGISTRY["x"] = None
    with pytest.raises(dataclasses.FrozenInstanceError):
        REGISTRY["steps.total"].unit = "km"
    assert len(FEATURE_SET_VERSION) == 16
