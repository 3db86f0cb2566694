"""Reading consent back: documents and events as they were written, and the state that follows from them."""

from __future__ import annotations

from collections.abc import Iterable

from wellness.audit.models import AuditEntry
from wellness.audit.services import SYSTEM_CHAIN
from wellness.consent import signatures
from wellness.consent.documents import document_digest
from wellness.consent.events import START, Period, event_hash, fold
from wellness.consent.gate import FOREVER
from wellness.consent.majority import majority_at
from wellness.consent.models import (
    Action,
    ConsentAgenda,
    ConsentDocument,
    ConsentEvent,
    ConsentState,
    StudyKey,
)
from wellness.consent.projection import periods_of
from wellness.lib.signing import key_id
from wellness.studies.models import Enrollment, Phase


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
    expected = fold(events, majority_at=majority_at(person))
    return _bad_event(person, events) or _bad_state(person, expected) or _bad_clock(person, events, expected)


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
    rows = ConsentState.objects.filter(enrollment=person).order_by("pk")
    stored = {period.key: period for period in periods_of(rows)}
    for period in expected:
        if stored.pop(period.key, None) != period:
            return f"{_where(period, person)}: not as its events say"
    return next((f"{_where(row, person)}: no event granted it" for row in stored.values()), None)


def _bad_clock(person: Enrollment, events: list[ConsentEvent], expected: list[Period]) -> str | None:
    """What the gate goes by beside the state: the pause, and the next expiry."""
    where = f"enrollment {person.public_id}"
    said = [event.action for event in events if event.action in (Action.PAUSE, Action.RESUME)]
    resting = any(period.paused for period in expected)
    if (resting and person.phase == Phase.ACTIVE) or (
        person.phase == Phase.PAUSED and said[-1:] != [Action.PAUSE]
    ):
        return f"{where}: it is {person.phase}, which is not as its events say"
    ends = [period.expires_at for period in expected if period.valid_to is None and period.expires_at]
    if person.consent_until != min(ends, default=None):
        return f"{where}: its consent does not expire when its events say"
    agenda = ConsentAgenda.objects.filter(enrollment=person, next_at__lte=person.consent_until or FOREVER)
    if person.consent_until and not agenda.exists():
        return f"{where}: nobody will note that its consent expires"
    return None


def _where(period: Period, person: Enrollment) -> str:
    return f"{period.purpose} of {period.stream} of enrollment {person.public_id}"


def _first(problems: Iterable[str | None]) -> str | None:
    return next((problem for problem in problems if problem), None)
