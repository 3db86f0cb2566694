"""Writes to studies, enrollments and devices."""

from wellness.studies.services.assignment import assign, clinicians_for, unassign
from wellness.studies.services.device import issue_device, register_device, rename_device, revoke_device
from wellness.studies.services.enrollment import change_zone, enroll, settle_zone
from wellness.studies.services.invitation import InvitationRefused, invite, recognise, take_part
from wellness.studies.services.member import add_member, end_member
from wellness.studies.services.study import add_site, create_study, publish_protocol

__all__ = [
    "InvitationRefused",
    "add_member",
    "add_site",
    "assign",
    "change_zone",
    "clinicians_for",
    "create_study",
    "end_member",
    "enroll",
    "invite",
    "issue_device",
    "publish_protocol",
    "recognise",
    "register_device",
    "rename_device",
    "revoke_device",
    "settle_zone",
    "take_part",
    "unassign",
]
