"""Which file of a copy tells of which rows, and which rows it leaves out and why.

A test compares this with what erasure sees to, so that no new kind of row is forgotten here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

INSIDE: Mapping[str, str] = MappingProxyType(
    {
        "account.EmailAddress": "profile",
        "coach_decisions.Decision": "decisions",
        "coach_decisions.Outcome": "decisions",
        "coach_delivery.Delivery": "deliveries",
        "coach_safety.Alert": "safety",
        "coach_safety.Contraindication": "safety",
        "coach_safety.Hold": "safety",
        "phenotyping_days.Day": "days",
        "phenotyping_intake.Chunk": "samples",
        "phenotyping_intake.Upload": "uploads",
        "phenotyping_intake.UploadPart": "uploads",
        "phenotyping_surveys.Answer": "answers",
        "phenotyping_surveys.Prompt": "prompts",
        "phenotyping_twins.Forecast": "forecasts",
        "phenotyping_twins.Twin": "twin",
        "wellness_accounts.User": "profile",
        "wellness_consent.ConsentEvent": "consent",
        "wellness_consent.ConsentState": "consent",
        "wellness_consent.Minority": "profile",
        "wellness_consent.PaperConsent": "consent",
        "wellness_consent.RecipientNotice": "consent",
        "wellness_studies.Assignment": "profile",
        "wellness_studies.Device": "profile",
        "wellness_studies.EmergencyAccess": "access",
        "wellness_studies.Enrollment": "profile",
        "wellness_studies.ZoneChange": "profile",
    }
)

_WORK = "what is still to be done, without anything about the person"
_SIGN_IN = "secrets by which the person signs in; to hand them out would weaken them"
_LEFT = "a call for help that stays when somebody leaves; there is none of who can still ask for a copy"
_STAFF = "what members of staff may do, and did for the study"

LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        "account.EmailConfirmation": _SIGN_IN,
        "admin.LogEntry": _STAFF,
        "coach_decisions.DecisionPoint": "when the coach would decide; each that was decided is in decisions",
        "coach_safety.LeftAlert": _LEFT,
        "coach_safety.LeftAlert_assignees": _LEFT,
        "mfa.Authenticator": _SIGN_IN,
        "phenotyping_intake.PartialUpload": "an upload whose end has not come; it is in uploads once it has",
        "phenotyping_intake.Piece": "a part of such an upload",
        "phenotyping_intake.Shelf": _WORK,
        "usersessions.UserSession": "where the person is signed in now; shown under their sign-in",
        "wellness_accounts.User_groups": _STAFF,
        "wellness_accounts.User_user_permissions": _STAFF,
        "wellness_consent.Approval": _STAFF,
        "wellness_consent.ApprovalRequest": _STAFF,
        "wellness_consent.ConsentAgenda": _WORK,
        "wellness_consent.ConsentNotice": _WORK,
        "wellness_consent.ErasureRequest": _WORK,
        "wellness_gateways.Release": _STAFF,
        "wellness_gateways.Takeout": "this copy and earlier ones",
        "wellness_studies.DataKey": "the key itself; what it seals is here in clear",
        "wellness_studies.Invitation": _SIGN_IN,
        "wellness_studies.Membership": _STAFF,
    }
)
