"""What addresses name: somebody's object in every relation to whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import uuid4

from allauth.usersessions.models import UserSession
from django.utils import timezone

from coach.delivery.models import Delivery
from coach.delivery.services import queue
from coach.safety.models import Alert, LeftAlert
from phenotyping.intake.partial import Whole, begin
from phenotyping.surveys.models import Instrument
from phenotyping.surveys.services import answer
from tests import factories
from tests.factories import coaching
from tests.factories.passkey import passkey_of
from wellness.accounts.models import User
from wellness.consent.documents import document_digest, draft_document
from wellness.consent.emergency import open_record
from wellness.consent.models import ConsentDocument, ConsentEvent
from wellness.consent.purposes import COLLECT, CONSENT_STREAMS
from wellness.consent.validity import SECTIONS
from wellness.gateways.models import Takeout
from wellness.gateways.release.services import approve, ask
from wellness.studies.models import Device, Enrollment, Reach, Role, Study
from wellness.studies.services import add_member

OWN, UNASSIGNED, OTHER_SITE = "own or assigned", "unassigned", "other site"
OTHER_STUDY, WITHDRAWN, NONEXISTENT = "other study", "withdrawn", "nonexistent"
PEOPLE = (OWN, UNASSIGNED, OTHER_SITE, OTHER_STUDY, WITHDRAWN, NONEXISTENT)


def belongings(
    people: Mapping[str, Enrollment], phones: Mapping[str, Device], analyst: User
) -> dict[str, dict[str, str]]:
    """The objects by the name of the variable in addresses and by relation; a new variable needs its line."""

    def each(make: Callable[[Enrollment], object]) -> dict[str, str]:
        return {name: str(make(one)) for name, one in people.items()} | {NONEXISTENT: str(uuid4())}

    sent = each(_suggestion)
    return {
        "access": each(_access),
        "alert": each(_left_alert),
        "answer": each(_answer),
        "app_label": {NONEXISTENT: "wellness_studies"},
        "call": each(_alert),
        "delivery": sent,
        "document": {name: str(_draft(people[name].study).public_id) for name in (OWN, OTHER_STUDY)}
        | {NONEXISTENT: str(uuid4())},
        "device": {name: str(phone.public_id) for name, phone in phones.items()}
        | {NONEXISTENT: str(uuid4())},
        "event": each(lambda person: ConsentEvent.objects.filter(enrollment=person).latest("seq").public_id),
        "enrollment": each(lambda person: person.public_id),
        "id": {name: _upload(phone) for name, phone in phones.items()} | {NONEXISTENT: str(uuid4())},
        "key": {NONEXISTENT: "unguessable"},
        "notice": each(lambda person: factories.recipient_notice(person, timezone.now()).public_id),
        "object_id": {NONEXISTENT: "999999"},
        "pk": each(_passkey) | {NONEXISTENT: "999999"},
        "purpose": each(lambda _: COLLECT) | {NONEXISTENT: COLLECT},
        "release": _releases(people, analyst),
        "session": each(_session) | {NONEXISTENT: "999999"},
        "slug": {OWN: "harbour", OTHER_STUDY: "inland", NONEXISTENT: "nowhere"},
        "suggestion": sent,
        "takeout": each(_takeout),
        "token": {NONEXISTENT: "unguessable"},
        "uidb36": {NONEXISTENT: "zz"},
    }


def _draft(study: Study) -> ConsentDocument:
    """The study's draft in Finnish; made where missing."""
    found = study.consent_documents.filter(locale="fi").first()
    body = {section: f"Tietoja: {section}." for section in SECTIONS}
    return found or draft_document(study=study, body=body, scopes=[(COLLECT, "gps", False)], locale="fi")


def meant(person: Enrollment, clinician: User) -> dict[str, dict[str, object]]:
    """By route, what a request says that is valid, so that its answer tells whether it is allowed."""
    now_ms = int(timezone.now().timestamp() * 1_000) - 1_000
    sheet = {"id": str(uuid4()), "recorded_at": now_ms, "values": {"mood": 4}}
    assigned = {"enrollment": person.public_id, "clinician": clinician.public_id, "act": "assign"}
    draft, consent = _draft(person.study), "console/<slug:slug>/consent/"
    read = {"sha256": document_digest(draft)}
    return {
        consent: {"audience": "guardian", "locale": "fi"},
        consent + "<uuid:document>/": {"act": "approve"} | read,
        consent + "<uuid:document>/text/": draft.body | {"change": "material", "grace_days": 3} | read,
        consent + "<uuid:document>/switches/<str:purpose>/": {"min_age": 0}
        | {f"stream-{stream}": "may" for stream in CONSENT_STREAMS}
        | read,
        "api/v1/answers": sheet | {"instrument": "check-in"},
        "api/v1/answers/<uuid:answer>/corrections": {
            "id": str(uuid4()),
            "values": {"mood": 4},
            "reason": "slip",
        },
        "api/v1/suggestions/<uuid:suggestion>/response": {"response": "done", "responded_at": now_ms},
        "app/suggestions/<uuid:delivery>/": {"response": "done"},
        "clinic/alerts/<uuid:call>/": {"act": "acknowledge"},
        "clinic/left/<uuid:alert>/": {"act": "acknowledge"},
        "clinic/emergency/": {
            "study": "harbour",
            "code": "zoe",
            "reason": "Her neighbour called, she is down.",
        },
        "console/<slug:slug>/analysis/": {"why": "Sleep against steps, cohort one"},
        "app/privacy/devices/<uuid:device>/name/": {"name": "The old one"},
        "console/<slug:slug>/people/": assigned,
        "console/<slug:slug>/people/invite/": {"code": "new", "zone": "UTC", "site": person.site_id or ""},
        "console/<slug:slug>/reviews/<uuid:access>/": {"verdict": "justified"},
    }


def _access(person: Enrollment) -> object:
    """An emergency in which the record was opened, by somebody who has no other part in the cast."""
    kim = User.objects.filter(email="kim@example.org").first() or factories.user("kim")
    if not kim.memberships.filter(study=person.study).exists():
        add_member(study=person.study, user=kim, role=Role.CLINICIAN, reach=Reach.ASSIGNED)
    reason, now = "Her neighbour called, she is down.", timezone.now()
    return open_record(enrollment=person, user=kim, reason=reason, now=now).public_id


def _alert(person: Enrollment) -> object:
    """An open alert; one that was raised before the person left, where they did."""
    now = timezone.now()
    made = Alert.objects.create(
        enrollment=person, rule="answer", severity="low", source="answer:1", raised_at=now, due_at=now
    )
    return made.public_id


def _left_alert(person: Enrollment) -> object:
    """An open call, as if the person had left with it."""
    now = timezone.now()
    made = LeftAlert.objects.create(
        study=person.study,
        site=person.site,
        code=person.code,
        rule="answer",
        severity="low",
        raised_at=now,
        due_at=now,
        left_at=now,
    )
    return made.public_id


def _releases(people: Mapping[str, Enrollment], analyst: User) -> dict[str, str]:
    """Releases that may be taken: the analyst's own, a colleague's, and one of another study."""
    lea, now = factories.user("lea"), timezone.now()
    made = {}
    for relation, user in ((OWN, analyst), (UNASSIGNED, lea), (OTHER_STUDY, analyst)):
        study = people[relation].study
        release = ask(study=study, why="Sleep against steps, cohort one", by=user, now=now)
        made[relation] = str(release.public_id)
        if relation != UNASSIGNED:
            approve(release=release, by=lea, now=now)
    return made | {NONEXISTENT: str(uuid4())}


def _answer(person: Enrollment) -> object:
    """A check-in."""
    now, instrument = timezone.now(), Instrument.objects.get(slug="check-in")
    said = {"mood": 7}
    return answer(
        enrollment=person, instrument=instrument, public_id=uuid4(), values=said, recorded_at=now, now=now
    ).public_id


def _suggestion(person: Enrollment) -> object:
    """A suggestion that reached the person."""
    now = timezone.now()
    made = queue(enrollment=person, message=coaching.message(), now=now, expires_at=now + timedelta(hours=9))
    Delivery.objects.filter(pk=made.pk).update(state=Delivery.State.SENT, sent_at=now)
    return made.public_id


def _takeout(person: Enrollment) -> object:
    """A copy that is ready to be fetched."""
    now = timezone.now()
    return Takeout.objects.create(
        enrollment=person,
        state=Takeout.State.MADE,
        asked_at=now,
        made_at=now,
        expires_at=now + timedelta(days=1),
    ).public_id


def _passkey(person: Enrollment) -> object:
    """A passkey that the person signs in with."""
    assert person.user
    return passkey_of(person.user).pk


def _session(person: Enrollment) -> object:
    """A browser where the person is signed in."""
    return UserSession.objects.create(
        user=person.user, session_key=f"of {person.code}", ip="203.0.113.7", user_agent="A browser"
    ).pk


def _upload(phone: Device) -> str:
    """An upload that a phone has begun."""
    upload_id, body = uuid4(), Whole("application/json", "", "", n_bytes=1_000, raw_length=None)
    begin(device=phone, upload_id=upload_id, whole=body, now=timezone.now())
    return str(upload_id)
