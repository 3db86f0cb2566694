"""The record of processing (GDPR 30), made from what documents offer and what people agreed to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q

from phenotyping.streams.catalogue import STREAMS
from wellness.consent.models import ConsentDocument, ConsentScope, ConsentState
from wellness.consent.purposes import PURPOSES, SURVEY, prerequisites
from wellness.studies.models import Study

LEGAL_BASIS = "consent (GDPR Art. 6(1)(a) and Art. 9(2)(a))"
ANSWERS = "What people answer in questionnaires."


@dataclass(frozen=True)
class DataCategory:
    """One stream that is processed for a purpose: what it is, how long it is kept, how many agree now."""

    stream: str
    about: str
    sensitivity: str
    required: bool
    retention_days: int | None
    n_people: int


@dataclass(frozen=True)
class Processing:
    """One purpose of a study with all that the record must say of it."""

    purpose: str
    about: str
    rests_on: tuple[str, ...]
    legal_basis: str
    recipients: tuple[str, ...]
    documents: tuple[str, ...]
    categories: tuple[DataCategory, ...]


def processing_register(study: Study) -> list[Processing]:
    """Every purpose of the documents in force, and of those that somebody still stands by, in order."""
    held = ConsentState.objects.held().filter(enrollment__study=study).values("document")
    in_use = Q(document__state=ConsentDocument.State.PUBLISHED) | Q(document__in=held)
    scopes = ConsentScope.objects.filter(in_use, document__study=study).select_related("document")
    offered: defaultdict[str, list[ConsentScope]] = defaultdict(list)
    for scope in scopes.order_by("stream", "document__version", "pk"):
        offered[scope.purpose].append(scope)
    agreed = _agreed(study)
    return [_processing(purpose, offered[purpose], agreed) for purpose in PURPOSES if purpose in offered]


def _processing(purpose: str, scopes: list[ConsentScope], agreed: dict[tuple[str, str], int]) -> Processing:
    by_stream: defaultdict[str, list[ConsentScope]] = defaultdict(list)
    for scope in scopes:
        by_stream[scope.stream].append(scope)
    return Processing(
        purpose=purpose,
        about=PURPOSES[purpose],
        rests_on=prerequisites(purpose)[:-1],
        legal_basis=LEGAL_BASIS,
        recipients=_distinct(scope.recipients for scope in scopes),
        documents=_distinct(_named(scope.document) for scope in scopes),
        categories=tuple(
            _category(stream, some, agreed.get((purpose, stream), 0)) for stream, some in by_stream.items()
        ),
    )


def _category(stream: str, scopes: list[ConsentScope], n_people: int) -> DataCategory:
    """Of several documents in force the longest retention counts; None is without an end."""
    days = [scope.retention_days for scope in scopes]
    ends = [one for one in days if one is not None]
    known = STREAMS.get(stream)
    return DataCategory(
        stream=stream,
        about=known.about if known else ANSWERS if stream == SURVEY else "",
        sensitivity=known.sensitivity if known else "intimate",
        required=any(scope.required for scope in scopes),
        retention_days=max(ends) if len(ends) == len(days) else None,
        n_people=n_people,
    )


def _agreed(study: Study) -> dict[tuple[str, str], int]:
    """How many people agree to each purpose for each stream now."""
    in_force = ConsentState.objects.filter(enrollment__study=study, valid_to=None)
    rows = in_force.values_list("purpose", "stream").annotate(n=Count("enrollment", distinct=True))
    return {(purpose, stream): n for purpose, stream, n in rows}


def _named(document: ConsentDocument) -> str:
    return f"version {document.version}, {document.audience}, {document.locale}"


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, words)))
