"""Acts of consent in plain words, for pages and copies."""

from collections.abc import Iterable, Sequence
from types import MappingProxyType

from wellness.consent.models import Capacity
from wellness.consent.purposes import ANY, PURPOSES, SURVEY

STREAMS = MappingProxyType(
    {
        SURVEY: "answers to questionnaires",
        ANY: "you yourself",
        "gps": "position",
        "screen": "screen use",
        "battery": "battery level",
        "calls": "calls, without the other side",
        "messages": "text messages, never their content",
        "app_usage": "use of apps",
        "wifi": "Wi-Fi nearby",
        "bluetooth": "Bluetooth nearby",
        "sleep_episode": "sleep from a wearable",
        "device_health": "how the app itself works",
    }
)
SECTION_TITLES = MappingProxyType(
    {
        "purposes": "What it is for",
        "duration": "How long",
        "procedures": "What happens",
        "risks": "Risks",
        "benefits": "Benefits",
        "confidentiality": "Who keeps it secret, and how",
        "controller": "Who is responsible",
        "contact": "Whom to ask",
        "recipients": "Who gets to see it",
        "retention": "How long it is kept",
        "transfers": "Where it goes",
        "rights": "Your rights",
        "automated_decisions": "What computers decide",
        "withdrawal": "How to stop",
    }
)
METHODS = MappingProxyType(
    {
        "session": "signed in",
        "device": "from the phone that was registered for this person",
        "device_token": "from the phone that was registered for this person",  # nosec B105  the word before
        "service": "by the server, without a person",
        "password": "password",  # nosec B105
        "code": "code sent by e-mail",
        "totp": "code of an authenticator app",
        "webauthn": "passkey or security key",
        "recovery_codes": "recovery code",
        "paper": "on paper",
        "import": "taken over from another installation",
    }
)


def scopes_in_words(scopes: Iterable[Sequence[str]]) -> list[tuple[list[str], list[str]]]:
    """What was agreed to: kinds of data with all the purposes that they may be used for, in their order."""
    given: dict[str, list[str]] = {}
    for purpose, stream in scopes:
        given.setdefault(purpose, []).append(STREAMS.get(stream, stream.replace("_", " ")))
    grouped: dict[tuple[str, ...], list[str]] = {}
    for purpose, words in PURPOSES.items():
        if purpose in given:
            grouped.setdefault(tuple(sorted(given[purpose])), []).append(words)
    return [(list(streams), purposes) for streams, purposes in grouped.items()]


def streams_in_words(scopes: Iterable[Sequence[str]]) -> list[str]:
    """The kinds of data that scopes are about, each once, in order; none where they are about the person."""
    streams = sorted({stream for _, stream in scopes} - {ANY})
    return [STREAMS.get(stream, stream.replace("_", " ")) for stream in streams]


def method_in_words(method: str) -> str:
    """How the signer proved who they are: "password and code of an authenticator app"."""
    return " and ".join(METHODS.get(step, step.replace("_", " ")) for step in method.split("+"))


def capacity_in_words(capacity: str) -> str:
    """As what the signer signed."""
    return str(Capacity(capacity).label)
