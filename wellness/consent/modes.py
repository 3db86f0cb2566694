"""The ways to withdraw: a document says in its body which it offers, so its digest covers them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from wellness.lib.refusal import Refusal
from wellness.studies.models import Phase

STOP, ANONYMISE, ERASE, HOLD = "stop", "stop_anonymise", "stop_erase", "regulatory_hold"
WITHDRAWAL_MODES = (STOP, ANONYMISE, ERASE, HOLD)
# Modes by which a person leaves for good, and the phase that they are in from then on.
LEAVING = MappingProxyType({ANONYMISE: Phase.ANONYMOUS, ERASE: Phase.ERASED, HOLD: Phase.LOCKED})
SECTION = "withdrawal_modes"
UNSAID = (STOP, ERASE)  # what a document offers that does not say: erasure is everyone's right


def offered(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The modes that a document's body offers, separated by spaces there; stopping is always one of them."""
    said = str(body.get(SECTION) or "").split()
    return tuple(mode for mode in WITHDRAWAL_MODES if mode in ({STOP, *said} if said else UNSAID))


def unknown(body: Mapping[str, Any]) -> list[str]:
    """What a document's body names as modes and is none."""
    return sorted(set(str(body.get(SECTION) or "").split()) - set(WITHDRAWAL_MODES))


def require_mode(mode: str) -> None:
    """Refusal for a mode that does not exist."""
    if mode not in WITHDRAWAL_MODES:
        raise Refusal("unknown_mode", f"There is no way to withdraw named {mode}.", field="mode")


def require(mode: str, body: Mapping[str, Any], *, everything: bool) -> None:
    """Refusal for a mode that the document does not offer, or that needs all to be taken back."""
    if mode not in offered(body):
        raise Refusal("mode_not_offered", "The document you agreed to does not offer that.", field="mode")
    if mode in LEAVING and not everything:
        raise Refusal("leaving_is_whole", "Who leaves for good takes everything back.", field="scopes")
