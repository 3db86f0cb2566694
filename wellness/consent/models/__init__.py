"""Documents, events, the state they project to, their keys, who leaves and who else is told."""

from wellness.consent.models.agenda import ConsentAgenda, ConsentNotice, Minority, PaperConsent
from wellness.consent.models.approval import ApprovalRequest
from wellness.consent.models.document import Approval, ConsentDocument, ConsentScope
from wellness.consent.models.ending import ConsentEnding
from wellness.consent.models.event import Action, Capacity, ConsentEvent
from wellness.consent.models.key import StudyKey
from wellness.consent.models.leaving import DeletionReceipt, ErasureRequest, TombstoneMark
from wellness.consent.models.recipient import RecipientNotice
from wellness.consent.models.state import ConsentState, Party

__all__ = [
    "Action",
    "Approval",
    "ApprovalRequest",
    "Capacity",
    "ConsentAgenda",
    "ConsentDocument",
    "ConsentEnding",
    "ConsentEvent",
    "ConsentNotice",
    "ConsentScope",
    "ConsentState",
    "DeletionReceipt",
    "ErasureRequest",
    "Minority",
    "PaperConsent",
    "Party",
    "RecipientNotice",
    "StudyKey",
    "TombstoneMark",
]
