"""The registry of variables: what a rule may ask about a person."""

from collections.abc import Mapping
from types import MappingProxyType

from coach.rules.variables import Variable
from wellness.consent.purposes import SURVEY

NOTHING_SENT_MIN = 10_080.0

STEPS_60M = Variable(
    name="steps_60m",
    kind="number",
    unit="steps",
    low=0,
    high=60_000,
    max_age_min=90,
    streams=("steps",),
    label="steps in the last hour",
    plural=True,
    min_coverage=0.5,
)
UNLOCKED_60M = Variable(
    name="unlocked_60m",
    kind="number",
    unit="min",
    low=0,
    high=60,
    max_age_min=90,
    streams=("screen",),
    label="minutes of phone use in the last hour",
    plural=True,
    min_coverage=0.5,
)
SLEEP_LAST_NIGHT = Variable(
    name="sleep_last_night",
    kind="number",
    unit="min",
    low=0,
    high=1_500,
    max_age_min=1_440,
    streams=("screen",),
    label="last night's sleep",
)
STEPS_YESTERDAY = Variable(
    name="steps_yesterday",
    kind="number",
    unit="steps",
    low=0,
    high=200_000,
    max_age_min=2_160,
    streams=("steps",),
    label="yesterday's steps",
    plural=True,
)
STEPS_EXPECTED = Variable(
    name="steps_expected",
    kind="number",
    unit="steps",
    low=0,
    high=200_000,
    max_age_min=4_320,
    streams=("steps",),
    label="the steps your model expects today",
    plural=True,
)
MOOD = Variable(
    name="mood",
    kind="number",
    low=0,
    high=10,
    max_age_min=2_160,
    streams=(SURVEY,),
    label="your last mood rating",
)
MINS_SINCE_SENT = Variable(
    name="mins_since_sent",
    kind="number",
    unit="min",
    low=0,
    high=NOTHING_SENT_MIN,
    label="time since the last suggestion",
)
ACTIVITY = Variable(
    name="activity",
    kind="word",
    words=("still", "walking", "running", "cycling", "vehicle", "on_foot"),
    max_age_min=15,
    streams=("activity",),
    label="your activity",
)
WEEKEND = Variable(name="weekend", kind="flag", label="the weekend")

_ALL = (
    STEPS_60M,
    UNLOCKED_60M,
    SLEEP_LAST_NIGHT,
    STEPS_YESTERDAY,
    STEPS_EXPECTED,
    MOOD,
    MINS_SINCE_SENT,
    ACTIVITY,
    WEEKEND,
)
REGISTRY: Mapping[str, Variable] = MappingProxyType({variable.name: variable for variable in _ALL})
