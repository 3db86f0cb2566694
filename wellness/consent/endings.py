"""What a materially new text ends: known to the gate from its publication on, whoever was told of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from wellness.consent.differences import Terms, terms_of
from wellness.consent.models import ConsentDocument, ConsentEnding
from wellness.consent.purposes import Scope
from wellness.prepared import Given


def end_of(
    scope: Scope,
    before: Mapping[Scope, Terms],
    after: Mapping[Scope, Terms],
    new: ConsentDocument,
    published_at: datetime,
) -> datetime:
    """Until when a switch holds as it was agreed to: through the grace of the new text if nothing changed."""
    grace_days = new.grace_days if before.get(scope) == after.get(scope) else 0
    return published_at + timedelta(days=grace_days)


def announce(new: ConsentDocument, earlier: Iterable[ConsentDocument], now: datetime) -> None:
    """Note which switches of earlier texts end at once, in the transaction that publishes the new one.

    What holds through its grace is not among them: long before that ends it is in each person's own events.
    """
    after = terms_of(new)
    for document in earlier:
        before = terms_of(document)
        ConsentEnding.objects.bulk_create(
            ConsentEnding(document=document, purpose=purpose, stream=stream, ends_at=now, ended_by=new)
            for purpose, stream in before
            if end_of((purpose, stream), before, after, new, now) <= now
        )


def has_ended(at: datetime | Given) -> Exists:
    """Of what people agreed to: that a new text has ended it by then."""
    return Exists(_of_state().filter(ends_at__lte=at))


def ends_at() -> Subquery:
    """Of what people agreed to: when a new text ends it; None while none does."""
    return Subquery(_of_state().order_by("ends_at").values("ends_at")[:1])


def _of_state() -> QuerySet[ConsentEnding]:
    switch = {name: OuterRef(name) for name in ("document", "purpose", "stream")}
    return ConsentEnding.objects.filter(**switch)
