"""What studies, accounts and consent itself keep of a person, and what becomes of it when they leave."""

from __future__ import annotations

import secrets
from datetime import datetime
from importlib import import_module

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session

from wellness.accounts.forgetting import forget
from wellness.accounts.models import User
from wellness.consent.erasure import anonymity
from wellness.consent.erasure.registry import (
    Model,
    Stage,
    Step,
    delete,
    dropping,
    erases,
    keeps,
    register,
    rows_of,
)
from wellness.consent.models import (
    Approval,
    ApprovalRequest,
    ConsentAgenda,
    ConsentEvent,
    ConsentNotice,
    ConsentState,
    ErasureRequest,
    Minority,
    PaperConsent,
    RecipientNotice,
)
from wellness.lib.ids import new_secret, secret_digest
from wellness.studies import keys
from wellness.studies.models import (
    GONE,
    Assignment,
    DataKey,
    Device,
    EmergencyAccess,
    Enrollment,
    Invitation,
    Membership,
    ZoneChange,
)

PROOF = "that consent was given and withdrawn, under a random name"
STAFF = "names a member of staff by account, for what they did"
SESSIONS_AT_ONCE = 1_000


def join() -> None:
    """Register everything; called once, when the site starts."""
    register(Step("data key", Stage.KEYS, _shred, left=_has_key), DataKey)
    erases(ZoneChange, anonymise=anonymity.drop_rare_zone)
    erases(Invitation, anonymise=dropping(Invitation))
    register(Step("phones", Stage.ROWS, _blank_devices, _blank_devices), Device)
    erases_account(EmailAddress)
    erases_account(EmailConfirmation, "email_address__user")  # goes first: within a stage from last to first
    erases_account(Authenticator)
    register(Step("sessions", Stage.ACCOUNT, _end_sessions, _end_sessions), UserSession)
    for through in (User.groups.through, User.user_permissions.through):
        erases_account(through, "user")
    register(Step("who it was", Stage.IDENTITY, _part, _part), User, Enrollment)
    register(Step("how rare it was", Stage.ACCOUNT, anonymise=anonymity.coarsen))
    erases(ConsentAgenda)
    erases(ConsentNotice, anonymise=dropping(ConsentNotice))
    erases(Minority, anonymise=dropping(Minority))
    register(Step("who else is told", Stage.ROWS, _detach, _detach, left=_n_attached), RecipientNotice)
    keeps(PaperConsent, "the proof of a signed sheet; its names are sealed with the key that is destroyed")
    keeps(ConsentEvent, PROOF)
    keeps(ConsentState, PROOF)
    keeps(ErasureRequest, "that the person left, and how far their erasure is")
    keeps(Membership, STAFF)
    keeps(LogEntry, STAFF)
    keeps(Approval, STAFF)
    keeps(ApprovalRequest, STAFF)
    keeps(Assignment, STAFF)
    keeps(EmergencyAccess, "that a record was opened; why is sealed with the key that is destroyed")


def erases_account(model: Model, path: str = "user") -> None:
    """Have rows of an account go with its last enrollment, unless somebody works under it, too."""

    def act(person: Enrollment, now: datetime) -> None:
        user = account_of(person)
        if user:
            delete(rows_of(model, path, user))

    register(Step(model._meta.label_lower, Stage.ACCOUNT, act, act), model)


def account_of(person: Enrollment) -> User | None:
    """The person's account when nothing else needs it: no other enrollment, no role, no operator's rights."""
    user = Enrollment.objects.select_related("user").get(pk=person.pk).user
    if user is None or user.is_staff or user.is_superuser:
        return None
    elsewhere = Enrollment.objects.filter(user=user).exclude(pk=person.pk).exclude(phase__in=GONE)
    works = Membership.objects.filter(user=user, ended_at=None)
    return None if elsewhere.exists() or works.exists() else user


def _shred(person: Enrollment, now: datetime) -> None:
    keys.shred(person, now=now)


def _has_key(person: Enrollment) -> int:
    return DataKey.objects.filter(enrollment=person, shredded_at=None).count()


def _blank_devices(person: Enrollment, now: datetime) -> None:
    """Consent events name phones, so shells stay; a token is still good for hearing that it must purge."""
    phones = Device.objects.filter(enrollment=person)
    phones.update(model_name="", given_name="", os_version="", app_version="", last_seen_at=None)
    for phone in phones.filter(purge=None):
        retire(phone, now)


def retire(phone: Device, now: datetime) -> None:
    """A phone's token opens nothing, and its digest is gone."""
    phone.token_digest, phone.purge = secret_digest(new_secret()), None
    phone.revoked_at = phone.revoked_at or now
    phone.save(update_fields=["token_digest", "revoked_at", "purge"])


def _detach(person: Enrollment, now: datetime) -> None:
    """Recipients are still to be told, by the name that they know; told, nothing says whom it was about."""
    RecipientNotice.objects.filter(enrollment=person).update(enrollment=None)


def _n_attached(person: Enrollment) -> int:
    return RecipientNotice.objects.filter(enrollment=person).count()


def _end_sessions(person: Enrollment, now: datetime) -> None:
    """Sessions name nobody outside their text, so all of them are looked through."""
    user = account_of(person)
    if user is None:
        return
    delete(rows_of(UserSession, "user", user))
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    for session in Session.objects.iterator(chunk_size=SESSIONS_AT_ONCE):
        if store.decode(session.session_data).get(SESSION_KEY) == str(user.pk):
            session.delete()


def _part(person: Enrollment, now: datetime) -> None:
    """The enrollment stays as a number without a name; the account, when nothing else needs it, likewise."""
    user = account_of(person)
    random = secrets.token_hex(8)
    gone = Enrollment.objects.filter(pk=person.pk)
    gone.update(user=None, code=f"gone-{random}", started_at=None)
    if user:
        forget(user, now=now)
