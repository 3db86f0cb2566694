"""Addresses and names at rest: sealed for their owner, found all the same."""

from typing import Any

import pytest
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core.exceptions import FieldError
from django.db import IntegrityError, connection, transaction
from django.test import Client

from tests import factories
from tests.factories.people import PASSWORD
from wellness.accounts.forgetting import forget
from wellness.accounts.models import AccountKey, User
from wellness.keyring import KeyDestroyed
from wellness.lib.sealing import SealBroken

TABLES = ("wellness_accounts_user", "account_emailaddress", "usersessions_usersession")
Rows = list[tuple[Any, ...]]


def rows(*tables: str) -> Rows:
    """What the database itself holds."""
    found: Rows = []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608
            found += cursor.fetchall()
    return found


@pytest.fixture
def iris(db: None) -> User:
    user = factories.user("iris")
    EmailAddress.objects.create(user=user, email="iris@example.org", primary=True, verified=True)
    return user


def test_who_somebody_is_cannot_be_read_in_the_database(iris: User, client: Client) -> None:
    client.post("/accounts/login/", {"login": iris.email, "password": PASSWORD}, HTTP_USER_AGENT="Kestrel 7")
    found = str(rows(*TABLES)).lower()
    assert "127.0.0.1" not in found
    assert not [word for word in ("iris", "example.org", "kestrel") if word in found]
    user, (session,) = User.objects.get(), UserSession.objects.all()
    assert (user.email, user.first_name) == ("iris@example.org", "Iris")
    assert (session.ip, session.user_agent, session.session_key) == (
        "127.0.0.1",
        "Kestrel 7",
        client.session.session_key,
    )
    assert session.exists() and not session.purge()


@pytest.mark.parametrize("lookup", ["email", "email__exact", "email__iexact"])
@pytest.mark.parametrize("address", ["iris@example.org", "IRIS@Example.ORG", "ｉris@example.org"])
def test_an_account_is_found_by_its_address(iris: User, lookup: str, address: str) -> None:
    assert User.objects.get(**{lookup: address}) == iris
    assert EmailAddress.objects.get(**{lookup: address}).email == "iris@example.org"
    assert User.objects.filter(email__in=[address, "x@example.org"]).count() == 1
    assert not User.objects.filter(email__in=[]).exists()
    assert not User.objects.filter(**{lookup: "iris@example.com"}).exists()


def test_allauth_finds_people_as_before(iris: User) -> None:
    bob = factories.user("bob")
    assert filter_users_by_email("Iris@example.org", prefer_verified=True) == [iris]
    assert filter_users_by_email("bob@example.org") == [bob]
    assert EmailAddress.objects.get_for_user(iris, "IRIS@example.org").email == "iris@example.org"
    again, created = EmailAddress.objects.get_or_create(user=iris, email="iris@example.org")
    assert (created, again.verified) == (False, True)
    stranger = EmailAddress.objects.create(user=bob, email="iris@example.org")
    assert not stranger.can_set_verified()


def test_an_address_belongs_to_one_account(iris: User) -> None:
    bob = factories.user("bob")
    for twice in (
        lambda: User.objects.create_user("Iris@example.org"),
        lambda: EmailAddress.objects.create(user=bob, email="iris@example.org", verified=True),
        lambda: EmailAddress.objects.create(user=iris, email="IRIS@example.org"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            twice()


@pytest.mark.parametrize("lookup", ["email__contains", "email__gt", "first_name", "last_name__startswith"])
def test_what_cannot_be_looked_up_is_said(iris: User, lookup: str) -> None:
    with pytest.raises((FieldError, TypeError)):
        list(User.objects.filter(**{lookup: "iris"}))


def test_nothing_gets_into_the_database_in_clear(iris: User) -> None:
    with pytest.raises(TypeError, match="sealed"), transaction.atomic():
        User.objects.update(first_name="Iris")
    with pytest.raises(KeyDestroyed), transaction.atomic():
        User.objects.bulk_create([User(email="eve@example.org")])
    assert User.objects.values_list("first_name", flat=True).get() != "Iris"


def test_another_s_text_does_not_open(iris: User) -> None:
    bob = factories.user("bob")
    stolen = rows("wellness_accounts_user")[0]
    with connection.cursor() as cursor:
        columns = [one.name for one in connection.introspection.get_table_description(cursor, TABLES[0])]
        name = stolen[columns.index("first_name")]
        update = f"UPDATE {TABLES[0]} SET first_name = %s, last_name = %s"  # noqa: S608
        cursor.execute(update, [name, name])
    with pytest.raises(SealBroken):
        str(User.objects.get(pk=bob.pk).first_name)
    assert User.objects.get(pk=iris.pk).first_name == "Iris"
    with pytest.raises(SealBroken):
        str(User.objects.get(pk=iris.pk).last_name)


def test_what_nobody_looked_at_is_written_as_it_was(iris: User) -> None:
    before = rows(TABLES[0])
    User.objects.get(pk=iris.pk).save()
    assert rows(TABLES[0]) == before
    user = User.objects.defer("email").get(pk=iris.pk)
    assert user.email == "iris@example.org"
    user.refresh_from_db()
    user.last_name = "Ng"
    user.save()
    assert User.objects.get(pk=iris.pk).get_full_name() == "Iris Ng"


def test_an_account_that_is_removed_takes_its_key_with_it(iris: User) -> None:
    (key,) = AccountKey.objects.all()
    User.objects.filter(pk=iris.pk).delete()
    key.refresh_from_db()
    assert (key.wrapped, key.shredded_at is None) == (None, False)
    with pytest.raises(KeyDestroyed):
        User(public_id=iris.public_id, email="iris@example.org").save_base()


def test_allauth_s_columns_are_wide_enough_and_unique_by_index(db: None) -> None:
    if connection.vendor == "postgresql":
        query = (
            "SELECT data_type FROM information_schema.columns WHERE (table_name, column_name) IN "
            "(('account_emailaddress', 'email'), ('usersessions_usersession', 'ip'),"
            " ('usersessions_usersession', 'session_key'), ('usersessions_usersession', 'user_agent'))"
        )
        with connection.cursor() as cursor:
            cursor.execute(query)
            assert cursor.fetchall() == [("text",)] * 4
    with connection.cursor() as cursor:
        named = {
            name
            for table in TABLES
            for name, found in connection.introspection.get_constraints(cursor, table).items()
            if found["unique"]
        }
    assert {"wellness_address_of_user", "wellness_address_verified", "wellness_session_key"} <= named


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite tells its plan in other words")
def test_a_look_up_uses_the_index(iris: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "one_address" in User.objects.filter(email="iris@example.org").explain()


def test_an_account_that_was_forgotten_is_a_number_without_a_name(iris: User, client: Client) -> None:
    bob = factories.user("bob")
    for user in (iris, bob):
        forget(user, now=factories.JOINED_AT)
    iris.refresh_from_db()
    assert (iris.email, iris.first_name, iris.is_active, iris.has_usable_password()) == ("", "", False, False)
    assert not User.objects.filter(email="iris@example.org").exists()
    assert not client.login(email="iris@example.org", password=PASSWORD)
    assert not AccountKey.objects.filter(shredded_at=None).exists()
