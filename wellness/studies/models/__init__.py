"""Studies, who works in them, who takes part, and with which phone."""

from wellness.studies.models.assignment import Assignment, EmergencyAccess
from wellness.studies.models.device import Device, Invitation
from wellness.studies.models.enrollment import (
    GONE,
    DataKey,
    Enrollment,
    EnrollmentQuerySet,
    Phase,
    ZoneChange,
)
from wellness.studies.models.study import Membership, Protocol, Reach, Role, Site, Study

__all__ = [
    "GONE",
    "Assignment",
    "DataKey",
    "Device",
    "EmergencyAccess",
    "Enrollment",
    "EnrollmentQuerySet",
    "Invitation",
    "Membership",
    "Phase",
    "Protocol",
    "Reach",
    "Role",
    "Site",
    "Study",
    "ZoneChange",
]
