"""Failed authorisation: who was refused what, without content, and not more than a reader can use."""

from __future__ import annotations

import logging
from http import HTTPStatus
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DatabaseError
from django.http import HttpRequest

from wellness.audit.context import current
from wellness.audit.models import ActorKind, Outcome
from wellness.audit.sealing import keyed_digest
from wellness.audit.services import Actor, account_chain, record, system_chain
from wellness.budget import overspent
from wellness.lib.clock import utc_now

logger = logging.getLogger(__name__)
REFUSING = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
PER_HOUR = 60  # entries an actor, or an address nobody signed in from, can cause: none shall fill the disk


def actor_of(request: HttpRequest) -> Actor:
    """Who a request acts for: a person, a phone, or nobody who signed in."""
    user = getattr(request, "user", None)
    public_id = getattr(user, "public_id", None)
    if public_id is None:
        return Actor(ActorKind.ANONYMOUS, "")
    kind = ActorKind.USER if isinstance(user, AbstractBaseUser) else ActorKind.DEVICE
    return Actor(kind, str(public_id))


def note(request: HttpRequest, status: int) -> None:
    """Record an answer that says no. A 404 counts where an address led to a view: what is not somebody's to
    see and what is not there are answered alike, and recorded alike."""
    if status not in REFUSING or request.resolver_match is None:
        return
    try:
        _record(request, status)
    except DatabaseError as error:  # nothing was given away: the answer stays what it is
        logger.error("a refusal could not be recorded: %s", type(error).__name__)


def _record(request: HttpRequest, status: int) -> None:
    actor, match = actor_of(request), request.resolver_match
    source = keyed_digest("source", current().source)
    chain = system_chain(source) if actor.kind == ActorKind.ANONYMOUS else account_chain(actor)
    name, now = f"refused:{actor.id or source}", utc_now()
    if overspent(name, limit=PER_HOUR, window_s=3_600, now=now) is not None:
        return
    last = overspent(name, limit=PER_HOUR - 1, window_s=3_600, now=now, spend=0) is not None
    ids = [str(value) for value in match.kwargs.values() if isinstance(value, UUID)] if match else []
    record(
        chain=chain,
        actor=actor,
        action="access.refused",
        object=" ".join([str(request.method), match.view_name if match else "", *ids]),
        outcome=Outcome.REFUSED,
        reason=f"{status}; further ones within the hour are not recorded" if last else str(status),
        at=now,
    )
