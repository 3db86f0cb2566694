import pytest
from django.db import IntegrityError, transaction

from wellness.accounts.adapter import InvitationOnly
from wellness.accounts.models import User


def test_an_account_is_known_by_its_address_in_small_letters(db: None) -> None:
    user = User.objects.create_user("Ada@Example.ORG", "correct horse battery")
    assert user.email == "ada@example.org"
    assert user.check_password("correct horse battery")
    assert not (user.is_staff or user.is_superuser)


def test_one_address_is_one_account(db: None) -> None:
    User.objects.create_user("ada@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("ADA@example.org")


def test_an_account_without_a_password_opens_to_no_password(db: None) -> None:
    user = User.objects.create_user("ada@example.org")
    assert not user.has_usable_password()
    assert not user.check_password("")


def test_an_operator_may_do_everything(db: None) -> None:
    operator = User.objects.create_superuser("ops@example.org", "correct horse battery")
    assert operator.is_staff
    assert operator.is_superuser


def test_an_account_is_named_by_its_public_id_so_that_logs_hold_no_address(db: None) -> None:
    user = User.objects.create_user("ada@example.org")
    assert str(user) == str(user.public_id)


def test_nobody_signs_up_unasked(rf) -> None:
    assert InvitationOnly().is_open_for_signup(rf.get("/")) is False
