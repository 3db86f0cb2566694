"""Forgetting an account: its key goes, whether the row is removed or stays as a number without a name."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone

from wellness.accounts import keys
from wellness.accounts.models import User
from wellness.sealedtext import forgotten


@transaction.atomic
def forget(user: User, *, now: datetime) -> None:
    """Nobody can sign in to the account or tell whose it was; what the record says of its number stays."""
    for kept in (EmailAddress, Authenticator, UserSession):
        kept.objects.filter(user=user).delete()
    keys.shred(user.public_id, now=now)
    User.objects.filter(pk=user.pk).update(
        email=forgotten(),
        password=make_password(None),
        first_name="",
        last_name="",
        last_login=None,
        is_active=False,
    )


@receiver(post_delete, sender=User)
def shred_its_key(instance: User, **_: Any) -> None:
    """What is left of the account in a backup can no longer be read once its key epoch is gone."""
    keys.shred(instance.public_id, now=timezone.now())
