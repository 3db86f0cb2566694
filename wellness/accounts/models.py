"""Users: every human has one account, known by e-mail; what they may do is said by memberships."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models, transaction
from django.utils.crypto import salted_hmac

from wellness.accounts import keys
from wellness.accounts.account_key import AccountKey
from wellness.accounts.sealed import AccountEmail, AccountName
from wellness.audit.models import ActorKind
from wellness.audit.services import Actor
from wellness.sealedtext import Index

__all__ = ["AccountKey", "User", "UserManager"]


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A new account; without a password it can only be entered by a code or a passkey."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """An operator's account (manage.py createsuperuser)."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """A person who signs in. The e-mail address, sealed like the name, is what they sign in with."""

    username = None  # type: ignore[assignment]
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    first_name = AccountName(max_length=150, blank=True)
    last_name = AccountName(max_length=150, blank=True)
    email = AccountEmail(unique=True)
    session_epoch = models.PositiveIntegerField(
        default=0, editable=False
    )  # +1 ends every session from before

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()  # type: ignore[misc,assignment]

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(Index("email"), name="%(app_label)s_%(class)s_one_address"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def actor(self) -> Actor:
        """How the record names this person."""
        return Actor(ActorKind.USER, str(self.public_id))

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must hold to be of use: Django's digest of the password, and of the epoch too."""
        proven = f"{self.password}|{self.session_epoch}"
        return salted_hmac("wellness.accounts.session", proven, secret=secret, algorithm="sha256").hexdigest()

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the account, a new one with a key of its own."""
        if self._state.adding:
            keys.make(self.public_id)
        super().save(*args, **kwargs)
