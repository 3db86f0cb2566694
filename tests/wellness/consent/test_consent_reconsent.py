from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db.models import QuerySet

from tests import factories
from tests.factories import EVERYTHING, JOINED_AT
from wellness.consent import gate
from wellness.consent.documents import Terms
from wellness.consent.force import in_force
from wellness.consent.models import Action, ConsentDocument, ConsentEnding, ConsentEvent
from wellness.consent.pausing import pause, resume
from wellness.consent.purposes import Scope
from wellness.consent.services import grant
from wellness.consent.verification import verify_person
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Study

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
GPS: list[Scope] = [("collect", "gps"), ("store", "gps"), ("feature", "gps")]
CHANGED_AT = JOINED_AT + 10 * DAY
Tick = Callable[[datetime], int]


def offer(*leaving_out: Scope) -> list[tuple[str, str, bool]]:
    return [(*scope, False) for scope in EVERYTHING if scope not in leaving_out]


@pytest.fixture
def agreed(study: Study, bo: Enrollment) -> Enrollment:
    """Bo, who agreed to the first version, of fewer switches than the next."""
    first = factories.consent_document(study, scopes=offer(("model.personal", "gps")))
    grant(enrollment=bo, document=first, scopes=GPS, now=JOINED_AT)
    return bo


def new_version(study: Study, **change: Any) -> ConsentDocument:
    return factories.consent_document(study, CHANGED_AT, **change)


def test_unchanged_grants_run_through_the_grace_of_a_material_change(
    study: Study, agreed: Enrollment, allowed, tick: Tick
) -> None:
    new = new_version(study, grace_days=20)
    assert tick(CHANGED_AT) == 1
    event = agreed.consent_events.latest("seq")
    assert (event.action, event.document) == ("supersede", new)
    grace_until = CHANGED_AT + 20 * DAY
    assert allowed(agreed, grace_until - SECOND, "feature") == {"gps"}
    assert not allowed(agreed, grace_until, "feature")
    assert not allowed(agreed, CHANGED_AT, "model.personal")  # new switches are never inherited
    assert tick(grace_until) == 1
    assert agreed.consent_events.latest("seq").action == "expire"
    assert verify_person(Enrollment.objects.get(pk=agreed.pk)) is None
    assert tick(grace_until + DAY) == 0


def test_what_changed_or_is_offered_no_more_ends_with_the_publication(
    study: Study, agreed: Enrollment, allowed, tick: Tick
) -> None:
    new_version(
        study, scopes=offer(("feature", "gps")), terms={"store": Terms(recipients="another university")}
    )
    late = CHANGED_AT + DAY
    assert tick(late) == 1
    assert allowed(agreed, late, "collect") == {"gps"}
    assert not allowed(agreed, late, "store")
    assert not allowed(agreed, late, "feature")
    assert gate.periods(agreed, "store", ["gps"])["gps"] == [(JOINED_AT, CHANGED_AT)]
    assert [event.action for event in agreed.consent_events.order_by("seq")] == [
        "grant",
        "supersede",
        "expire",
    ]


def test_what_changed_is_denied_from_the_publication_on_before_any_worker_comes(
    study: Study, agreed: Enrollment, allowed: Callable[..., set[str]], tick: Tick
) -> None:
    new_version(
        study, scopes=offer(("feature", "gps")), terms={"store": Terms(recipients="another university")}
    )
    assert allowed(agreed, CHANGED_AT, "collect") == {"gps"}
    assert not allowed(agreed, CHANGED_AT, "store")
    assert not allowed(agreed, CHANGED_AT, "feature")
    assert gate.permitted_many([agreed.pk], "store", ["gps"], at=CHANGED_AT) == {agreed.pk: {}}
    standing = gate.standing(agreed, "store", ["gps"], at=CHANGED_AT)
    assert (standing.permits, standing.windows) == ({}, {"gps": [(JOINED_AT, CHANGED_AT)]})
    assert gate.periods(agreed, "store", ["gps"]) == standing.windows
    assert {row.purpose for row in in_force(agreed, now=CHANGED_AT)} == {"collect"}
    assert agreed.consent_events.count() == 1
    tick(CHANGED_AT + DAY)  # and the events say the same once they are there
    assert gate.periods(agreed, "store", ["gps"]) == standing.windows
    assert gate.standing(agreed, "store", ["gps"], at=CHANGED_AT + DAY).windows == standing.windows


def test_who_agrees_to_the_new_text_is_not_held_to_the_end_of_the_old(
    study: Study, agreed: Enrollment, allowed: Callable[..., set[str]], tick: Tick
) -> None:
    new = new_version(study, grace_days=0)
    assert not allowed(agreed, CHANGED_AT, "feature")
    grant(enrollment=agreed, document=new, scopes=GPS, now=CHANGED_AT + SECOND)
    assert allowed(agreed, CHANGED_AT + SECOND, "feature") == {"gps"}
    newer = new_version(study, grace_days=0, scopes=offer(("feature", "light")))
    assert {one.document_id for one in ConsentEnding.objects.filter(ended_by=newer)} == {new.pk}
    assert not allowed(agreed, CHANGED_AT + SECOND, "feature")
    tick(CHANGED_AT + DAY)
    assert verify_person(Enrollment.objects.get(pk=agreed.pk)) is None


def test_ends_are_announced_by_material_versions_only_and_never_changed(
    study: Study, agreed: Enrollment
) -> None:
    new_version(study, scopes=offer(("model.personal", "gps")), change="editorial")
    assert not ConsentEnding.objects.exists()
    new = new_version(study, grace_days=0)
    first, second = study.consent_documents.order_by("version")[:2]
    told = set(ConsentEnding.objects.values_list("document", "ended_by"))
    assert told == {(first.pk, new.pk), (second.pk, new.pk)}
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        QuerySet(ConsentEnding).update(ends_at=CHANGED_AT + 90 * DAY)


def test_an_editorial_change_asks_nobody(study: Study, agreed: Enrollment, allowed, tick: Tick) -> None:
    old = study.consent_documents.get()
    new = new_version(study, scopes=offer(("model.personal", "gps")), change="editorial")
    assert tick(CHANGED_AT + 90 * DAY) == 0
    assert allowed(agreed, CHANGED_AT + 90 * DAY, "feature") == {"gps"}
    grant(enrollment=agreed, document=new, scopes=[("store", "light")], now=CHANGED_AT)
    with pytest.raises(Refusal, match="document_not_in_force"):
        grant(enrollment=agreed, document=old, scopes=GPS, now=CHANGED_AT)


def test_a_material_change_counts_however_many_editorial_ones_follow(
    study: Study, agreed: Enrollment, allowed, tick: Tick
) -> None:
    new_version(study, grace_days=1)
    new_version(study, change="editorial")
    tick(CHANGED_AT)
    assert not allowed(agreed, CHANGED_AT + 30 * DAY, "feature")


def test_reaffirming_goes_on_without_a_gap(study: Study, agreed: Enrollment, allowed, tick: Tick) -> None:
    new = new_version(study)
    tick(CHANGED_AT)
    again = CHANGED_AT + 3 * DAY
    event = grant(enrollment=agreed, document=new, scopes=GPS, now=again, action=Action.REAFFIRM)
    assert event.action == "reaffirm"
    assert gate.periods(agreed, "feature", ["gps"])["gps"] == [(JOINED_AT, None)]
    assert tick(CHANGED_AT + 40 * DAY) == 0
    assert allowed(agreed, CHANGED_AT + 40 * DAY, "feature") == {"gps"}
    with pytest.raises(Refusal, match="nothing_to_reaffirm"):
        grant(
            enrollment=agreed,
            document=new,
            scopes=[("model.personal", "gps")],
            now=again,
            action=Action.REAFFIRM,
        )


def test_a_word_in_between_does_not_lose_the_change(study: Study, agreed: Enrollment, tick: Tick) -> None:
    new = new_version(study)
    grant(enrollment=agreed, document=new, scopes=[("store", "light")], now=CHANGED_AT + SECOND)
    assert tick(CHANGED_AT + DAY) == 1
    assert agreed.consent_events.latest("seq").action == "supersede"


def test_a_pause_does_not_hide_from_a_change(study: Study, agreed: Enrollment, allowed, tick: Tick) -> None:
    pause(enrollment=agreed, now=CHANGED_AT - DAY)
    new_version(study, grace_days=5)
    tick(CHANGED_AT)
    back = CHANGED_AT + 2 * DAY
    resume(enrollment=agreed, now=back)
    assert allowed(agreed, back, "feature") == {"gps"}
    assert not allowed(agreed, CHANGED_AT + 5 * DAY, "feature")
    assert verify_person(Enrollment.objects.get(pk=agreed.pk)) is None


def test_a_version_in_another_language_or_for_others_asks_nobody(
    study: Study, agreed: Enrollment, tick: Tick
) -> None:
    new_version(study, locale="fi")
    new_version(study, audience="guardian")
    assert tick(CHANGED_AT) == 0
    assert ConsentEvent.objects.count() == 1


def test_grace_has_an_end(study: Study) -> None:
    with pytest.raises(Refusal, match="grace_too_long"):
        new_version(study, grace_days=31)
