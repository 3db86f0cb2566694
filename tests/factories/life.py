"""A life in a study: something of every kind that is ever kept of a person."""

from datetime import date, timedelta
from uuid import uuid4

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator

from coach.delivery.services import queue
from coach.safety.models import Alert, Contraindication, Hold
from coach.safety.services import hold, raise_alert
from phenotyping.intake.decoding.statement import SILENT
from phenotyping.intake.models import Chunk
from phenotyping.intake.partial import Whole, append, begin
from phenotyping.surveys.instruments import load_instruments
from phenotyping.surveys.models import Instrument, Prompt
from phenotyping.surveys.services import answer
from tests.factories.coaching import ALWAYS, awake, message, points, rule, slot
from tests.factories.consent import recipient_notice
from tests.factories.phone import battery, local, rows, upload, walk
from wellness.audit.services import SERVICE
from wellness.consent.models import ConsentAgenda, ConsentNotice, Minority
from wellness.gateways.takeout.services import ask
from wellness.studies import keys
from wellness.studies.models import Device, Enrollment
from wellness.studies.services import invite, issue_device
from wellness.work.kinds import drain, run_one

DAY = date(2026, 1, 6)
AFTER = local(DAY + timedelta(days=2), "12:00")
HOUR = timedelta(hours=1)
SECRET = "Nightingale-4711"


def lived(person: Enrollment) -> Device:
    """The phone of a person of whom something of every kind is kept, from uploads to alerts, by AFTER."""
    phone, _ = issue_device(
        enrollment=person, platform="android", now=AFTER, model_name=SECRET, os_version="16", app_version="2"
    )
    rule(person.study, **ALWAYS)
    _sensed(phone)
    drain(AFTER, "day", "twin")
    awake(phone, slot(DAY))
    _coached(person)
    _asked(person, phone)
    _unfinished(person, phone)
    hold(enrollment=person, kind=Hold.Kind.CLINICIAN, now=AFTER, reason=SECRET)
    raise_alert(enrollment=person, rule="silence", severity=Alert.Severity.LOW, source=SECRET, now=AFTER)
    Contraindication.objects.create(enrollment=person, condition="injury", since=AFTER)
    invite(enrollment=person, now=AFTER)
    Minority.objects.create(enrollment=person, majority_on=DAY, sealed_birth=keys.seal(person, "birth", b"x"))
    ConsentAgenda.objects.get_or_create(enrollment=person)
    ConsentNotice.objects.get_or_create(enrollment=person, event=person.consent_events.get(seq=1))
    recipient_notice(person, AFTER)
    if person.user:
        ask(enrollment=person, actor=SERVICE, now=AFTER)
        EmailAddress.objects.create(user=person.user, email=person.user.email, primary=True)
        Authenticator.objects.create(user=person.user, type="totp", data={"secret": SECRET})
    return phone


def _sensed(phone: Device) -> None:
    """Two days of samples; chunks that were replaced and one in quarantine."""
    start = local(DAY, "00:00")
    for k in range(2):
        at = start + timedelta(days=k)
        upload(phone, AFTER, battery=battery(at, at + timedelta(days=1)), steps=walk(at + HOUR * 12, 30))
    fixes = [start + HOUR * n for n in range(8, 20)]
    upload(phone, AFTER, gps=rows(fixes, latitude=[60.17] * 12, longitude=[24.94] * 12))
    drain(AFTER + HOUR * 2, "gather")
    upload(phone, AFTER, steps=walk(start + HOUR * 15, 10))
    Chunk.objects.filter(stream="steps", upload__isnull=False).update(state="quarantined", state_at=AFTER)


def _coached(person: Enrollment) -> None:
    (point,) = points(person, DAY)
    run_one("decision", point.pk, point.due_at)
    points(person, DAY + timedelta(days=2))
    queue(enrollment=person, message=message(), now=AFTER, expires_at=AFTER + timedelta(days=30))


def _asked(person: Enrollment, phone: Device) -> None:
    load_instruments()
    sheet = Instrument.objects.get(slug="check-in")
    for on in (DAY, DAY + timedelta(days=2)):
        Prompt.objects.create(
            enrollment=person,
            instrument=sheet,
            on=on,
            opens_at=local(on, "08:00"),
            closes_at=local(on, "22:00"),
        )
    values = {item["id"]: SECRET if item["kind"] == "text" else item["low"] for item in sheet.items}
    answer(
        enrollment=person,
        instrument=sheet,
        public_id=uuid4(),
        values=values,
        recorded_at=local(DAY, "20:00"),
        now=AFTER,
        device=phone,
        prompt=Prompt.objects.filter(enrollment=person).first(),
    )


def _unfinished(person: Enrollment, phone: Device) -> None:
    whole = Whole("application/json", "", "", 1_000, None)
    part, _ = begin(device=phone, upload_id=uuid4(), whole=whole, now=AFTER)
    append(device=phone, upload_id=part.public_id, start=0, piece=SECRET.encode(), said=SILENT, now=AFTER)
