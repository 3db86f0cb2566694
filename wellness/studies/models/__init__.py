"""Studies, who works in them, who takes part, and with which phone."""

from wellness.studies.models.device import Device, Invitation
from wellness.studies.models.enrollment import (
    GONE,
    DataKey,
    Enrollment,
    EnrollmentQuerySet,
    Phase,
    ZoneChange,
)
from wellness.studies.models.study import Membership, Protocol, Role, Site, Study

__all__ = [
    "GONE",
    "DataKey",
    "Device",
    "Enrollment",
    "EnrollmentQuerySet",
    "Invitation",
    "Membership",
    "Phase",
    "Protocol",
    "Role",
    "Site",
    "Study",
    "ZoneChange",
]
