"""Reading consent back: documents and events as they were written, and the state that follows from them."""

from __future__ import annotations

from collections.abc import Iterable

from wellness.audit.models import AuditEntry
from wellness.audit.services import SYSTEM_CHAIN
from wellness.consent import signatures
from wellness.consent.documents import document_digest
from wellness.consent.events import START, Period, event_hash, fold
from wellness.consent.models import ConsentDocument, ConsentEvent, ConsentState, StudyKey
from wellness.lib.signing import key_id
from wellness.studies.models import Enrollment


def verify() -> str | None:
    """The first bad row in words, or None when everything is as it was written."""
    return (
        _first(_bad_document(document) for document in _published())
        or _first(_bad_key(key) for key in StudyKey.objects.select_related("study").order_by("pk"))
        or _first(verify_person(person) for person in _people())
    )


def verify_person(person: Enrollment) -> str | None:
    """The first bad row of one person in words, or None."""
    rows = ConsentEvent.objects.filter(enrollment=person).order_by("seq")
    events = list(rows.select_related("enrollment__study", "document", "signer", "device", "proxy"))
    return _bad_event(person, events) or _bad_state(person, fold(events))


def _published() -> Iterable[ConsentDocument]:
    return ConsentDocument.objects.exclude(state=ConsentDocument.State.DRAFT).order_by("pk")


def _bad_document(document: ConsentDocument) -> str | None:
    if document_digest(document) == document.body_sha256:
        return None
    return f"consent document {document.public_id}: its content was changed"


def _people() -> Iterable[Enrollment]:
    return Enrollment.objects.select_related("study").order_by("pk").iterator()


def _bad_key(key: StudyKey) -> str | None:
    """A key that nobody recorded was put there to sign what no person agreed to."""
    where = f"consent key {key.kid} of study {key.study.public_id}"
    if key_id(bytes(key.public)) != key.kid:
        return f"{where}: it is another key"
    first_use = AuditEntry.objects.filter(
        chain=SYSTEM_CHAIN, action=signatures.FIRST_USE, object=f"consent_key:{key.kid}"
    ).first()
    if first_use is None or first_use.reason != signatures.named(key.study, bytes(key.public)):
        return f"{where}: its first use was not recorded"
    return None


def _bad_event(person: Enrollment, events: list[ConsentEvent]) -> str | None:
    last, public = START, signatures.public_keys(person.study)
    for seq, event in enumerate(events, start=1):
        problem = _problem(event, seq, last) or signatures.problem(event, public)
        if problem:
            return f"consent event #{seq} of enrollment {person.public_id}: {problem}"
        last = event.hash
    if person.consent_epoch != len(events):
        where = (
            f"consent event #{min(person.consent_epoch, len(events)) + 1} of enrollment {person.public_id}"
        )
        return f"{where}: the epoch is {person.consent_epoch}, there are {len(events)} events"
    return None


def _problem(event: ConsentEvent, seq: int, last: str) -> str | None:
    if event.seq != seq:
        return "it is missing"
    if event.prev_hash != last:
        return "it does not follow the one before"
    if event_hash(event) != event.hash:
        return "its content was changed"
    if event.document_sha256 != event.document.body_sha256:
        return "it was for another text of its document"
    return None


def _bad_state(person: Enrollment, expected: list[Period]) -> str | None:
    stored = {(row.event_id, row.purpose, row.stream): row for row in _stored(person)}
    for period in expected:
        row = stored.pop((period.event_id, period.purpose, period.stream), None)
        if row != period:
            return (
                f"{period.purpose} of {period.stream} of enrollment {person.public_id}: not as its events say"
            )
    for row in stored.values():
        return f"{row.purpose} of {row.stream} of enrollment {person.public_id}: no event granted it"
    return None


def _stored(person: Enrollment) -> list[Period]:
    rows = ConsentState.objects.filter(enrollment=person).order_by("pk")
    return [
        Period(
            purpose=row.purpose,
            stream=row.stream,
            document_id=row.document_id,
            event_id=row.event_id,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            covers_from=row.covers_from,
        )
        for row in rows
    ]


def _first(problems: Iterable[str | None]) -> str | None:
    return next((problem for problem in problems if problem), None)
