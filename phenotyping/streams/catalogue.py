"""The catalogue of streams: what a phone may send, in which units and ranges, and how sensitive it is.

Every stream also has the column `time`: the instant a sample was taken or an episode began, as
microseconds since 1970-01-01 UTC inside, and as epoch milliseconds (a number) on the wire.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from phenotyping.streams.columns import Column

Sensitivity = Literal["low", "personal", "intimate"]


@dataclass(frozen=True)
class Stream:
    """One kind of data: its columns, usual gap between rows (`period_s`, 0 for events) and sensitivity."""

    name: str
    about: str
    columns: tuple[Column, ...]
    period_s: float
    sensitivity: Sensitivity

    def column(self, name: str) -> Column:
        """The column of that name; KeyError when the stream has none."""
        return self._by_name[name]

    @property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}


def _real(name: str, unit: str, low: float, high: float, *, required: bool = True, about: str = "") -> Column:
    return Column(name, "real", unit, low, high, required=required, about=about)


def _int(name: str, unit: str, low: int, high: int, *, required: bool = True, about: str = "") -> Column:
    return Column(name, "int", unit, low, high, required=required, about=about)


def _word(name: str, *words: str, required: bool = True) -> Column:
    return Column(name, "word", words=words, required=required)


def _hash(name: str, about: str, *, required: bool = True) -> Column:
    return Column(name, "text", required=required, about=about)


DAY_S = 86_400

_STREAMS = (
    Stream(
        "accelerometer",
        "Acceleration of the phone, gravity included.",
        tuple(_real(axis, "m/s^2", -200, 200) for axis in "xyz"),
        period_s=0.02,
        sensitivity="personal",
    ),
    Stream(
        "gps",
        "Position fixes.",
        (
            _real("latitude", "deg", -90, 90),
            _real("longitude", "deg", -180, 180),
            _real("accuracy", "m", 0, 100_000, required=False, about="radius of 68 % confidence"),
            _real("altitude", "m", -1_000, 20_000, required=False),
            _real("speed", "m/s", 0, 350, required=False),
        ),
        period_s=600,
        sensitivity="intimate",
    ),
    Stream(
        "screen",
        "Screen state changes.",
        (_word("state", "off", "on", "locked", "unlocked"),),
        period_s=0,
        sensitivity="personal",
    ),
    Stream(
        "battery",
        "Battery level and charging state.",
        (
            _real("level", "%", 0, 100),
            _word(
                "status", "unknown", "charging", "discharging", "not_charging", "full", "shutdown", "reboot"
            ),
        ),
        period_s=900,
        sensitivity="low",
    ),
    Stream(
        "steps",
        "Steps counted over an interval that begins at `time`.",
        (_int("steps", "steps", 0, 100_000), _real("duration_s", "s", 1, DAY_S)),
        period_s=60,
        sensitivity="personal",
    ),
    Stream(
        "calls",
        "Calls, with a salted hash of the other side.",
        (
            _word("direction", "incoming", "outgoing", "missed"),
            _real("duration_s", "s", 0, DAY_S),
            _hash("contact", "salted hash of the number", required=False),
        ),
        period_s=0,
        sensitivity="intimate",
    ),
    Stream(
        "messages",
        "Text messages: direction and length, never content.",
        (
            _word("direction", "incoming", "outgoing"),
            _int("length", "characters", 0, 100_000, required=False),
            _hash("contact", "salted hash of the number", required=False),
        ),
        period_s=0,
        sensitivity="intimate",
    ),
    Stream(
        "activity",
        "Activity recognised by the phone.",
        (
            _word(
                "activity",
                "still",
                "walking",
                "running",
                "cycling",
                "vehicle",
                "on_foot",
                "tilting",
                "unknown",
            ),
            _real("confidence", "%", 0, 100, required=False),
        ),
        period_s=300,
        sensitivity="personal",
    ),
    Stream(
        "heart_rate",
        "Heart rate of a wearable.",
        (_real("bpm", "1/min", 20, 300),),
        period_s=300,
        sensitivity="personal",
    ),
    Stream(
        "sleep_episode",
        "Sleep or a stage of it, as a wearable scored it, beginning at `time`.",
        (
            _real("duration_s", "s", 0, 2 * DAY_S),
            _word("stage", "asleep", "light", "deep", "rem", "awake", "in_bed"),
        ),
        period_s=0,
        sensitivity="personal",
    ),
    Stream(
        "app_usage",
        "Use of an app in the foreground, beginning at `time`.",
        (
            Column("app", "text", about="package name"),
            _real("duration_s", "s", 0, DAY_S),
            Column("category", "text", required=False),
        ),
        period_s=0,
        sensitivity="intimate",
    ),
    Stream(
        "light",
        "Ambient light.",
        (_real("lux", "lx", 0, 200_000),),
        period_s=600,
        sensitivity="low",
    ),
    Stream(
        "wifi",
        "Wi-Fi access points seen, with salted hashes of their addresses.",
        (
            _hash("access_point", "salted hash of the BSSID"),
            _real("rssi", "dBm", -150, 20, required=False),
            Column("connected", "flag", required=False),
        ),
        period_s=900,
        sensitivity="intimate",
    ),
    Stream(
        "bluetooth",
        "Bluetooth devices seen, with salted hashes of their addresses.",
        (_hash("address", "salted hash of the address"), _real("rssi", "dBm", -150, 20, required=False)),
        period_s=900,
        sensitivity="intimate",
    ),
    Stream(
        "device_health",
        "How the phone app itself is: what waits to be sent and which permissions it has.",
        (
            _int("n_unsent", "rows", 0, 10**9),
            _real("battery_level", "%", 0, 100, required=False),
            Column("low_power", "flag", required=False),
            Column("location_permitted", "flag", required=False),
            Column("notifications_permitted", "flag", required=False),
            Column("app_version", "text", required=False),
            Column("os_version", "text", required=False),
        ),
        period_s=3_600,
        sensitivity="low",
    ),
)

STREAMS = MappingProxyType({stream.name: stream for stream in _STREAMS})
STREAM_NAMES = tuple(STREAMS)
