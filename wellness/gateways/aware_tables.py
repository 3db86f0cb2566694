"""AWARE's tables as data (interop.md section 9): columns, codes, and the stream that each becomes."""

from types import MappingProxyType

from wellness.gateways.mapping import Field, Shape, number, pseudonym, text, words

_EVERYWHERE = frozenset(
    {"", "_id", "id", "timestamp", "time", "datetime", "device_id", "device", "user", "label"}
)
_UNKNOWN_BELOW_0 = number(negative_is_missing=True)

_SCREEN = {"0": "off", "1": "on", "2": "locked", "3": "unlocked"}
_BATTERY = {
    "1": "unknown",
    "2": "charging",
    "3": "discharging",
    "4": "not_charging",
    "5": "full",
    "-1": "shutdown",
    "-3": "reboot",
}
_CALLS = {"1": "incoming", "2": "outgoing", "3": "missed"}
_MESSAGES = {"1": "incoming", "2": "outgoing"}
_ACTIVITY = {"0": "vehicle", "1": "cycling", "2": "on_foot", "3": "still", "4": "unknown", "5": "tilting"} | {
    "7": "walking",
    "8": "running",
    "in_vehicle": "vehicle",
    "on_bicycle": "cycling",
}
# The flags of the iOS plugin, the most telling first: more than one may be raised.
IOS_ACTIVITY = MappingProxyType(
    {
        "automotive": "vehicle",
        "cycling": "cycling",
        "running": "running",
        "walking": "walking",
        "stationary": "still",
        "unknown": "unknown",
    }
)


def _shape(stream: str, *fields: Field, known: str = "", **constants: object) -> Shape:
    return Shape(stream, fields, _EVERYWHERE | frozenset(known.split()), constants)


def _battery(codes: dict[str, str]) -> Shape:
    return _shape(
        "battery",
        Field("level", ("battery_level",), number()),
        Field("status", ("battery_status",), words(codes)),
        known="battery_scale battery_voltage battery_temperature"
        " battery_adaptor battery_health battery_technology",
    )


SHAPES = MappingProxyType(
    {
        "screen": _shape("screen", Field("state", ("screen_status",), words(_SCREEN))),
        "battery": _battery(_BATTERY),
        "calls": _shape(
            "calls",
            Field("direction", ("call_type",), words(_CALLS)),
            Field("duration_s", ("call_duration",), number()),
            Field("contact", ("trace",), pseudonym),
        ),
        "messages": _shape(
            "messages",
            Field("direction", ("message_type",), words(_MESSAGES)),
            Field("contact", ("trace",), pseudonym),
        ),
        "locations": _shape(
            "gps",
            Field("latitude", ("double_latitude",), number()),
            Field("longitude", ("double_longitude",), number()),
            Field("accuracy", ("accuracy",), _UNKNOWN_BELOW_0),
            Field("altitude", ("double_altitude",), number()),
            Field("speed", ("double_speed",), _UNKNOWN_BELOW_0),
            known="double_bearing provider",
        ),
        "applications_foreground": _shape(
            "app_usage",
            Field("app", ("package_name",), text),
            Field("duration_s", ("duration_s",), number()),
            known="application_name is_system_app",
        ),
        "light": _shape("light", Field("lux", ("double_light_lux",), number()), known="accuracy"),
        "wifi": _shape(
            "wifi",
            Field("access_point", ("bssid",), pseudonym),
            Field("rssi", ("rssi",), number()),
            known="ssid security frequency",
        ),
        "sensor_wifi": _shape(
            "wifi", Field("access_point", ("bssid",), pseudonym), known="mac_address ssid", connected=True
        ),
        "bluetooth": _shape(
            "bluetooth",
            Field("address", ("bt_address",), pseudonym),
            Field("rssi", ("bt_rssi",), number()),
            known="bt_name",
        ),
        "accelerometer": _shape(
            "accelerometer",
            *(Field(axis, (f"double_values_{n}",), number()) for n, axis in enumerate("xyz")),
            known="accuracy",
        ),
        "plugin_google_activity_recognition": _shape(
            "activity",
            Field("activity", ("activity_name", "activity_type"), words(_ACTIVITY)),
            Field("confidence", ("confidence",), number()),
            known="activities",
        ),
        "plugin_ios_activity_recognition": _shape(
            "activity",
            Field("activity", ("activity",), text),
            Field("confidence", ("confidence",), number(50)),
            known=" ".join(("activities", *IOS_ACTIVITY)),
        ),
    }
)

IOS_SHAPES = SHAPES | {
    "screen": _shape("screen", Field("state", ("screen_status",), words(_SCREEN | {"2": "off"}))),
    "battery": _battery(_BATTERY | {"1": "discharging", "3": "full"}),
}

# What people may call a table, beside its own name: ours, and niimpy's.
ALIASES = MappingProxyType(
    {
        "gps": "locations",
        "location": "locations",
        "app_usage": "applications_foreground",
        "application": "applications_foreground",
        "call": "calls",
        "message": "messages",
        "sms": "messages",
        "activity": "plugin_google_activity_recognition",
    }
)

# Tables that AWARE has and that nothing here is made of: said, not refused.
NOT_IMPORTED = frozenset(
    {
        "aware_device",
        "aware_log",
        "aware_settings",
        "aware_studies",
        "aware_plugins",
        "applications_notifications",
        "applications_crashes",
        "applications_history",
        "barometer",
        "cdma",
        "esms",
        "gravity",
        "gsm",
        "gsm_neighbor",
        "gyroscope",
        "keyboard",
        "linear_accelerometer",
        "magnetometer",
        "network",
        "network_traffic",
        "plugin_ambient_noise",
        "plugin_device_usage",
        "plugin_openweather",
        "plugin_studentlife_audio_android",
        "processor",
        "proximity",
        "rotation",
        "significant",
        "telephony",
        "temperature",
        "timezone",
        "touch",
    }
)
