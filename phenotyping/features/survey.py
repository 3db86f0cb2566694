"""Self-report: daily ratings, declared here and scored from answers elsewhere."""

from functools import partial

from phenotyping.features.phenotype import Phenotype

_rating = partial(
    Phenotype,
    unit="0-10",
    domain="self_report",
    source="section 4.13; daily ecological momentary assessment on a numeric rating scale",
    streams=("survey",),
    scale="identity",
    min_yield=0,
    low=0,
    high=10,
)

PHENOTYPES = (
    _rating(
        name="survey.mood",
        label="Mood",
        definition="Mean answer of the day to the mood item; 10 is best.",
    ),
    _rating(
        name="survey.energy",
        label="Energy",
        definition="Mean answer of the day to the energy item; 10 is most.",
    ),
    _rating(
        name="survey.stress",
        label="Stress",
        definition="Mean answer of the day to the stress item; 10 is most stressed.",
    ),
    _rating(
        name="survey.sleep_quality",
        label="Sleep quality",
        definition="Mean answer of the day to the item on last night's sleep; 10 is best.",
    ),
)
