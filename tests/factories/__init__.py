"""Plain functions that make what tests need, and the cast.

ada takes part, bea is a clinician of ada's site, cal is a clinician of another study and must see nothing,
dot coordinates ada's study.
"""

from tests.factories.consent import (
    EVERYTHING,
    agree_to_everything,
    approver,
    consent_document,
    recipient_notice,
)
from tests.factories.people import PASSWORD, enrollment, staff, user
from tests.factories.studies import COVERED_FROM, JOINED_AT, study

__all__ = [
    "COVERED_FROM",
    "EVERYTHING",
    "JOINED_AT",
    "PASSWORD",
    "agree_to_everything",
    "approver",
    "consent_document",
    "enrollment",
    "recipient_notice",
    "staff",
    "study",
    "user",
]
