"""The switches of a document as a person flips them: one for a purpose and a group of streams."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from types import MappingProxyType

from wellness.consent.asking import OFF, Switch
from wellness.consent.purposes import ANY, PURPOSES, SURVEY, Scope

GROUPS = MappingProxyType(
    {
        "places": ("Where you are", ("gps", "wifi", "bluetooth")),
        "movement": ("How you move", ("accelerometer", "steps", "activity")),
        "phone": ("Your phone", ("screen", "app_usage", "battery", "light", "device_health")),
        "people": ("Calls and messages", ("calls", "messages")),
        "body": ("Watch or band", ("heart_rate", "sleep_episode")),
        "answers": ("What you answer", (SURVEY,)),
        "contact": ("Staying in touch", (ANY,)),
    }
)


@dataclass(frozen=True)
class Lever:
    """One purpose for a group of streams: on when all its switches are, `partly` when only some are."""

    name: str
    means: str
    scopes: tuple[Scope, ...]
    given: tuple[Scope, ...]
    stale: tuple[Scope, ...]
    required: bool

    @property
    def is_on(self) -> bool:
        """Whether all of it is agreed to."""
        return self.given == self.scopes

    @property
    def is_partly_on(self) -> bool:
        """Whether some of it is agreed to, and some is not."""
        return bool(self.given) and not self.is_on


@dataclass(frozen=True)
class Group:
    """Streams that belong together for a person, and what may be done with them."""

    name: str
    title: str
    levers: tuple[Lever, ...]


@dataclass(frozen=True)
class Flips:
    """What flipping amounts to: switches to agree to, to confirm in the new text, and to take back."""

    granted: tuple[Scope, ...]
    confirmed: tuple[Scope, ...]
    withdrawn: tuple[Scope, ...]
    required: bool


def groups(switches: Iterable[Switch]) -> list[Group]:
    """The groups that a document offers anything of, each purpose after those it rests on."""
    offered = list(switches)
    found = []
    for group, (title, streams) in GROUPS.items():
        mine = [switch for switch in offered if switch.stream in streams]
        purposes = [name for name in PURPOSES if any(switch.purpose == name for switch in mine)]
        levers = tuple(_lever(group, [one for one in mine if one.purpose == purpose]) for purpose in purposes)
        if levers:
            found.append(Group(group, title, levers))
    return found


def flips(shown: Iterable[Group], on: Collection[str]) -> Flips:
    """What it means that just these levers are on; one that is partly on and was left alone stays so."""
    levers = [lever for group in shown for lever in group.levers]
    off = [lever for lever in levers if lever.is_on and lever.name not in on]
    up = [lever for lever in levers if lever.name in on]
    return Flips(
        granted=tuple(scope for lever in up for scope in lever.scopes if scope not in lever.given),
        confirmed=tuple(scope for lever in up for scope in lever.stale),
        withdrawn=tuple(scope for lever in off for scope in lever.given),
        required=any(lever.required for lever in off),
    )


def _lever(group: str, switches: list[Switch]) -> Lever:
    given = [one for one in switches if one.state != OFF]
    return Lever(
        name=f"{group}-{switches[0].purpose}",
        means=switches[0].means,
        scopes=tuple((one.purpose, one.stream) for one in switches),
        given=tuple((one.purpose, one.stream) for one in given),
        stale=tuple((one.purpose, one.stream) for one in given if one.expires_at and not one.current),
        required=any(one.required for one in switches),
    )
