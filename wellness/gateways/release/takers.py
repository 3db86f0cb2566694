"""Who took a table with a person's days in it: the record knows, for nothing in the table tells."""

from __future__ import annotations

from collections.abc import Iterator

from wellness.audit import rosters
from wellness.audit.models import AuditEntry
from wellness.audit.services import account_chain, enrollment_chain
from wellness.consent.purposes import EXPORT_DEIDENTIFIED, Scope
from wellness.consent.recipients import Recipient
from wellness.gateways.models import Release
from wellness.gateways.release.table import name_in
from wellness.studies.models import Enrollment

ACTION = "export.deidentified"


def about(release: Release) -> str:
    """How the record names a release that was taken."""
    return f"release:{release.public_id}"


def takers(person: Enrollment, scopes: frozenset[Scope]) -> Iterator[Recipient]:
    """Whoever took days of the person under these scopes, and the name that the person has there."""
    let_leave = tuple(sorted(scope for scope in scopes if scope[0] == EXPORT_DEIDENTIFIED))
    approved = Release.objects.filter(study=person.study_id, approved_at__isnull=False)
    for release in approved.select_related("asked_by").order_by("pk") if let_leave else ():
        if _is_in(person, release):
            yield Recipient(
                scopes=let_leave,
                user=release.asked_by,
                about=about(release),
                pseudonym=name_in(release.public_id, person.public_id),
            )


def _is_in(person: Enrollment, release: Release) -> bool:
    taken = AuditEntry.objects.filter(
        chain=account_chain(release.asked_by.actor), action=ACTION, reason=about(release)
    )
    return rosters.shows(taken.values_list("object", flat=True), enrollment_chain(person.public_id))
