"""Signing in and out and changing how are on record, without the address that was typed."""

import pytest
from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.test import Client, RequestFactory

from tests.factories import PASSWORD
from wellness.accounts.forgetting import forget
from wellness.accounts.models import User
from wellness.audit import sealing
from wellness.audit.models import AuditEntry
from wellness.audit.services import verify
from wellness.lib.clock import utc_now
from wellness.studies.models import Enrollment

SIGN_IN = "/accounts/login/"


def acts(user: User) -> list[tuple[str, str, str]]:
    found = AuditEntry.objects.filter(chain=f"user:{user.public_id}").order_by("seq")
    return [(entry.action, entry.outcome, entry.reason) for entry in found]


def test_a_person_signs_in_changes_their_password_and_leaves(client: Client, ada: Enrollment) -> None:
    assert ada.user is not None
    client.post(SIGN_IN, {"login": ada.user.email, "password": PASSWORD})
    new = "a rather long new password"
    changed = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    client.post("/accounts/password/change/", changed)
    client.post("/accounts/logout/")
    recorded = acts(ada.user)
    assert recorded[0] == ("sign_in", "done", "password")
    assert ("password.change", "done", "") in recorded
    assert recorded[-1] == ("sign_out", "done", "")


def test_where_somebody_signed_in_from_goes_with_their_account(client: Client, bea: User) -> None:
    client.post(SIGN_IN, {"login": bea.email, "password": PASSWORD}, REMOTE_ADDR="203.0.113.9")
    entry = AuditEntry.objects.filter(chain=f"user:{bea.public_id}").earliest("seq")

    def source() -> str:
        return sealing.opened(entry.chain, entry.seq, entry.sealed_detail).get("source", "")

    assert source() == "203.0.113.9"
    forget(bea, now=utc_now())
    assert source() == ""
    assert verify() is None


@pytest.mark.parametrize("known", [True, False])
def test_a_failed_attempt_is_kept_without_the_address(client: Client, bea: User, known: bool) -> None:
    typed = bea.email if known else "nobody@elsewhere.example"
    for spelled in (typed, f"  {typed.upper()} "):
        client.post(SIGN_IN, {"login": spelled, "password": "not the password"})
    rows = AuditEntry.objects.filter(action="sign_in", outcome="refused")
    assert rows.count() == 2
    assert len({row.object for row in rows}) == 1  # the same address is known again
    assert rows[0].object.startswith("address:")
    everything = repr(list(AuditEntry.objects.values())).casefold()
    assert typed.casefold() not in everything
    assert not acts(bea)


def test_changes_and_failed_second_steps_are_on_record(bea: User) -> None:
    request = RequestFactory().post("/")
    account.email_added.send(sender=User, request=request, user=bea, email_address=None)
    mfa.authentication_failed.send(sender=User, request=request, user=bea, authenticator=None)
    account.login_code_rejected.send(sender=User, request=request, user=bea, last_attempt=True)
    assert acts(bea) == [
        ("email.add", "done", ""),
        ("sign_in", "refused", "mfa"),
        ("sign_in", "refused", "code"),
    ]
