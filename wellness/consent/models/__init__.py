"""Documents, events and the state they project to."""

from wellness.consent.models.document import Approval, ConsentDocument, ConsentScope
from wellness.consent.models.event import Action, Capacity, ConsentEvent
from wellness.consent.models.state import ConsentState

__all__ = [
    "Action",
    "Approval",
    "Capacity",
    "ConsentDocument",
    "ConsentEvent",
    "ConsentScope",
    "ConsentState",
]
