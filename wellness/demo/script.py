"""What the demo study asks, offers and tells: its consent text, protocol and coaching rule."""

from typing import Any

from wellness.consent.purposes import (
    COLLECT,
    CONSENT_STREAMS,
    EXPORT_DEIDENTIFIED,
    FEATURE,
    INTERVENE,
    MODEL,
    POPULATION,
    SHARE_CLINICIAN,
    STORE,
)

SLUG, NAME = "demo", "Everyday wellbeing (demo)"
PASSWORD = "demo-demo-demo"  # nosec B105 # noqa: S105  printed for whoever runs the demo; its people do not exist
FACTOR_SEED = "DEMODEMODEMODEMODEMODEMODEMODEMO"  # of the authenticator app of the demo's staff

ASKED_FOR = (
    COLLECT,
    STORE,
    FEATURE,
    MODEL,
    POPULATION,
    INTERVENE,
    SHARE_CLINICIAN,
    EXPORT_DEIDENTIFIED,
)
AGREED = tuple((purpose, stream) for purpose in ASKED_FOR for stream in CONSENT_STREAMS)
DECLINED_BY_SOME = "bluetooth"

CONSENT_TEXT = {
    "purposes": "To show you how you sleep, move and feel, and to offer small suggestions at good moments.",
    "duration": "Eight weeks, longer if you like.",
    "procedures": "An app on your phone senses in the background. Once a day it asks how you are.",
    "risks": "You may find it unpleasant to be reminded of bad days. A suggestion may not suit you.",
    "benefits": "You may learn what does you good. We cannot promise that.",
    "confidentiality": "Your data are encrypted with a key of your own. Staff see a code, not your name.",
    "controller": "The operator of this demo.",
    "contact": "The study team, by the Help page.",
    "recipients": "Your clinician, as far as you switch it on. Nobody else.",
    "retention": "Until you leave or ask for deletion, five years at most.",
    "transfers": "None outside the machine that this demo runs on.",
    "rights": "You can see, correct, take with you and delete your data, and complain to a data authority.",
    "automated_decisions": "Whether and what is suggested is drawn by chance among what suits the moment.",
    "withdrawal": "Switch off any part, or all, under Me. It takes effect at once and needs no reason.",
}

PROTOCOL: dict[str, Any] = {
    "streams": list(CONSENT_STREAMS),
    "instruments": [{"slug": "check-in", "opens": "06:00", "closes": "22:00"}],
}

RULE: dict[str, Any] = {
    "name": "afternoon",
    "decision_point": {"slots": ["15:30"], "window_min": 120, "grace_min": 60},
    "available_if": {
        "all": [
            {"var": "mins_since_sent", "op": ">=", "value": 120},
            {"not": {"var": "activity", "op": "==", "value": "vehicle"}},
        ]
    },
    "offer_if": {
        "any": [
            {"var": "steps_60m", "op": "<", "value": 1500},
            {"var": "mood", "op": "<=", "value": 4},
        ]
    },
    "options": [
        {"id": "none"},
        {"id": "walk", "intervention": "brisk-walk"},
        {"id": "daylight", "intervention": "daylight"},
        {"id": "breathing", "intervention": "slow-breathing"},
        {"id": "bedtime", "intervention": "regular-bedtime"},
        {"id": "reach_out", "intervention": "reach-out"},
    ],
    "policy": {
        "type": "mrt",
        "probs": {"walk": 0.3, "daylight": 0.1, "breathing": 0.1, "bedtime": 0.1, "reach_out": 0.1},
    },
    "fallback_policy": {
        "type": "mrt",
        "probs": {"walk": 0.1, "daylight": 0.1, "breathing": 0.1, "bedtime": 0.1, "reach_out": 0.1},
    },
    "on_unknown": "fallback",
    "budget": {"per_day": 2, "quiet": ["22:00", "07:00"]},
    "proximal_outcome": {"stream": "steps", "window_min": 60, "transform": "log(x+0.5)", "missing": "leave"},
}
