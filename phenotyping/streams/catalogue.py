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
    """One kind of data: its columns, usual gap between rows (`period_s`, 0 for events) and sensitivity.

    `steady`: rows come all the time, so that silence of this stream alone means something. `worn`: a wearable
    senses it. `permission`: the flag of `device_health` that says whether the phone lets the app sense it.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    period_s: float
    sensitivity: Sensitivity
    steady: bool = False
    worn: bool = False
    permission: str = ""

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


def _flag(name: str, about: str = "") -> Column:
    return Column(name, "flag", required=False, about=about)


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
        steady=True,
        permission="location_permitted",
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
        steady=True,
    ),
    Stream(
        "steps",
        "Steps counted over an interval that begins at `time`.",
        (_int("steps", "steps", 0, 100_000), _real("duration_s", "s", 1, DAY_S)),
        period_s=60,
        sensitivity="personal",
        permission="activity_permitted",
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
        permission="calls_permitted",
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
        permission="messages_permitted",
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
        steady=True,
        permission="activity_permitted",
    ),
    Stream(
        "heart_rate",
        "Heart rate of a wearable.",
        (_real("bpm", "1/min", 20, 300),),
        period_s=300,
        sensitivity="personal",
        steady=True,
        worn=True,
        permission="health_permitted",
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
        worn=True,
        permission="health_permitted",
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
        permission="usage_permitted",
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
        permission="location_permitted",
    ),
    Stream(
        "bluetooth",
        "Bluetooth devices seen, with salted hashes of their addresses.",
        (_hash("address", "salted hash of the address"), _real("rssi", "dBm", -150, 20, required=False)),
        period_s=900,
        sensitivity="intimate",
        permission="bluetooth_permitted",
    ),
    Stream(
        "device_health",
        "How the phone app itself is, each hour: what waits to be sent, and which permissions it has.",
        (
            _int("n_unsent", "rows", 0, 10**9, about="not settled by a receipt yet"),
            _int("n_cached", "rows", 0, 10**9, required=False, about="on the phone, settled or not"),
            _int("n_sent", "rows", 0, 10**12, required=False, about="settled since it was installed"),
            _real("battery_level", "%", 0, 100, required=False),
            _real("uptime_s", "s", 0, 10 * 365 * DAY_S, required=False, about="since the phone was started"),
            _word("started_by", "person", "boot", "system", "update", "push", required=False),
            _flag("low_power"),
            _flag("battery_exempt", "exempt from battery optimisation"),
            _flag("background_permitted", "may run in the background"),
            _flag("notifications_permitted"),
            _flag("location_permitted"),
            _flag("activity_permitted"),
            _flag("calls_permitted"),
            _flag("messages_permitted"),
            _flag("usage_permitted"),
            _flag("bluetooth_permitted"),
            _flag("health_permitted", "may read what wearables sensed"),
            Column("app_version", "text", required=False),
            Column("os_version", "text", required=False),
        ),
        period_s=3_600,
        sensitivity="low",
        steady=True,
    ),
)

STREAMS = MappingProxyType({stream.name: stream for stream in _STREAMS})
STREAM_NAMES = tuple(STREAMS)
