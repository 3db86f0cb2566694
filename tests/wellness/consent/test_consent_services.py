from datetime import datetime, timedelta

import pytest

from tests import factories
from tests.factories import JOINED_AT
from tests.tampering import tamper
from wellness.audit.models import AuditEntry
from wellness.audit.services import enrollment_chain, verify
from wellness.consent import hooks
from wellness.consent.models import Action, ConsentDocument, ConsentEvent, ConsentState
from wellness.consent.purposes import Scope
from wellness.consent.services import grant, rebuild, withdraw
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Phase, Study

LATER = JOINED_AT + timedelta(days=2)
GPS: list[Scope] = [("collect", "gps"), ("store", "gps")]


@pytest.fixture
def document(study: Study) -> ConsentDocument:
    return factories.consent_document(study)


@pytest.fixture
def bo(study: Study) -> Enrollment:
    """A participant who has agreed to nothing yet."""
    return factories.enrollment(study, "bo")


def in_force(person: Enrollment) -> set[Scope]:
    rows = ConsentState.objects.filter(enrollment=person, valid_to=None)
    return set(rows.values_list("purpose", "stream"))


def test_a_grant_is_an_event_a_state_an_epoch_and_an_entry(bo: Enrollment, document: ConsentDocument) -> None:
    event = grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT, signer=bo.user)
    assert (event.seq, event.action, event.document_sha256) == (1, "grant", document.body_sha256)
    assert in_force(bo) == set(GPS)
    assert bo.consent_epoch == Enrollment.objects.get(pk=bo.pk).consent_epoch == 1
    entry = AuditEntry.objects.filter(chain=enrollment_chain(bo.public_id)).latest("seq")
    assert (entry.action, entry.epoch, entry.actor) == ("consent.grant", 1, str(bo.user.public_id))
    assert entry.object == f"consent_event:{event.public_id}"


def test_a_withdrawal_ends_what_it_names_and_keeps_the_rest(
    bo: Enrollment, document: ConsentDocument
) -> None:
    grant(enrollment=bo, document=document, scopes=[*GPS, ("collect", "screen")], now=JOINED_AT)
    event = withdraw(enrollment=bo, now=LATER, scopes=[("store", "gps"), ("store", "light")])
    assert event.scopes == [["store", "gps"]]
    assert in_force(bo) == {("collect", "gps"), ("collect", "screen")}
    ended = ConsentState.objects.get(enrollment=bo, purpose="store", stream="gps")
    assert (ended.valid_from, ended.valid_to) == (JOINED_AT, LATER)
    assert bo.phase == Phase.ACTIVE


def test_taking_everything_back_leaves_the_study_and_agreeing_again_returns(ada: Enrollment) -> None:
    withdraw(enrollment=ada, now=LATER, reason="no more")
    assert in_force(ada) == set()
    assert (ada.phase, ada.ended_at) == (Phase.WITHDRAWN, LATER)
    document = ada.study.consent_documents.get()
    grant(enrollment=ada, document=document, scopes=GPS, now=LATER + timedelta(days=1))
    assert (ada.phase, ada.ended_at) == (Phase.ACTIVE, None)
    assert in_force(ada) == set(GPS)
    assert list(ada.consent_events.values_list("seq", "action")) == [
        (1, "grant"),
        (2, "withdraw"),
        (3, "grant"),
    ]


def test_what_a_document_requires_is_given_first_and_taken_back_with_all(
    study: Study, bo: Enrollment
) -> None:
    scopes = [(*scope, scope == ("collect", "screen")) for scope in factories.EVERYTHING]
    document = factories.consent_document(study, scopes=scopes)
    with pytest.raises(Refusal, match="required_scope_missing"):
        grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT)
    grant(enrollment=bo, document=document, scopes=[*GPS, ("collect", "screen")], now=JOINED_AT)
    grant(enrollment=bo, document=document, scopes=[("collect", "light")], now=JOINED_AT)
    withdraw(enrollment=bo, now=LATER, scopes=[("collect", "screen")])
    assert in_force(bo) == set()


def test_refused_grants_change_nothing(study: Study, bo: Enrollment, document: ConsentDocument) -> None:
    elsewhere = factories.consent_document(factories.study("inland"))
    draft = ConsentDocument.objects.create(study=study, version=9, body={})
    future = JOINED_AT + timedelta(seconds=1)
    for error, change in {
        "document_elsewhere": {"document": elsewhere},
        "document_not_in_force": {"document": draft},
        "scope_not_offered": {"scopes": []},
        "unknown_scope": {"scopes": [("sell", "gps")]},
        "unknown_action": {"action": Action.WITHDRAW},
        "covers_future": {"covers_from": future},
    }.items():
        with pytest.raises(Refusal, match=error):
            grant(**({"enrollment": bo, "document": document, "scopes": GPS, "now": JOINED_AT} | change))
    bo.refresh_from_db()
    assert bo.consent_epoch == 0
    assert not ConsentEvent.objects.filter(enrollment=bo).exists()


@pytest.mark.parametrize("state", ["draft", "retired"])
def test_a_version_not_in_force_is_refused(bo: Enrollment, document: ConsentDocument, state: str) -> None:
    tamper(ConsentDocument, document.pk, state=state)
    with pytest.raises(Refusal, match="document_not_in_force"):
        grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT)


def test_an_altered_document_is_refused(bo: Enrollment, document: ConsentDocument) -> None:
    tamper(ConsentDocument, document.pk, body=document.body | {"risks": "None."})
    with pytest.raises(Refusal, match="document_altered"):
        grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT)


@pytest.mark.parametrize("end", ["study", "person"])
def test_nobody_agrees_to_what_has_ended(bo: Enrollment, document: ConsentDocument, end: str) -> None:
    if end == "study":
        Study.objects.filter(pk=bo.study_id).update(ended_at=JOINED_AT)
    else:
        Enrollment.objects.filter(pk=bo.pk).update(phase=Phase.COMPLETED)
    with pytest.raises(Refusal, match="enrollment_ended"):
        grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT)


def test_withdrawing_what_was_never_given_or_in_an_unknown_way_is_refused(bo: Enrollment) -> None:
    for error, mode in (("nothing_granted", "stop"), ("unknown_mode", "vanish")):
        with pytest.raises(Refusal, match=error):
            withdraw(enrollment=bo, now=LATER, mode=mode)


def test_other_rooms_hear_of_a_withdrawal_and_of_what_rested_on_it(
    ada: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[Enrollment, frozenset[Scope], datetime]] = []
    monkeypatch.setattr(hooks, "_WITHDRAWN", [])
    hooks.on_withdrawal(lambda *told: heard.append(told))
    withdraw(enrollment=ada, now=LATER, scopes=[("model.personal", "gps")])
    revoked = frozenset((purpose, "gps") for purpose in ("model.personal", "model.population", "intervene"))
    assert heard == [(ada, revoked, LATER)]


def test_a_room_that_fails_undoes_the_withdrawal(ada: Enrollment, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(hooks, "_WITHDRAWN", [fail])
    before = in_force(ada)
    with pytest.raises(RuntimeError):
        withdraw(enrollment=ada, now=LATER)
    assert in_force(ada) == before
    assert ConsentEvent.objects.filter(enrollment=ada).count() == 1
    assert verify() is None


def test_the_state_follows_from_the_events(ada: Enrollment) -> None:
    periods = rebuild(ada)
    assert len(periods) == ConsentState.objects.filter(enrollment=ada).count()
    assert {period.event_id for period in periods} == {ada.consent_events.get().pk}
