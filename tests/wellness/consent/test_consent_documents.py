from typing import Any

import pytest

from tests import factories
from tests.factories import JOINED_AT
from wellness.accounts.models import User
from wellness.consent.documents import SECTIONS, approve, document_digest, draft_document, publish
from wellness.consent.models import ConsentDocument
from wellness.consent.purposes import ANY, CONSENT_STREAMS, CONTACT_STUDY
from wellness.lib.refusal import Refusal
from wellness.studies.models import Study

BODY = {section: f"About {section}." for section in SECTIONS}
SCOPES = [("collect", "gps", True), ("store", "gps", False)]


def draft(study: Study, **change: Any) -> ConsentDocument:
    return draft_document(**({"study": study, "body": BODY, "scopes": SCOPES} | change))


@pytest.fixture
def approvers(db: None) -> list[User]:
    return [factories.user("eva"), factories.user("finn")]


def test_two_approvals_publish_a_document_once_and_for_all(study: Study, approvers: list[User]) -> None:
    document = draft(study)
    for number, approver in enumerate(approvers):
        with pytest.raises(Refusal, match="approvals_missing"):
            publish(document=document, now=JOINED_AT)
        assert document.approvals.count() == number
        approve(document=document, approver=approver)
    published = publish(document=document, now=JOINED_AT)
    assert published.state == ConsentDocument.State.PUBLISHED
    assert published.effective_from == JOINED_AT
    assert published.body_sha256 == document_digest(published)
    with pytest.raises(Refusal, match="not_a_draft"):
        publish(document=document, now=JOINED_AT)


def test_one_person_approves_once(study: Study, approvers: list[User]) -> None:
    document = draft(study)
    approve(document=document, approver=approvers[0])
    with pytest.raises(Refusal, match="already_approved"):
        approve(document=document, approver=approvers[0])


def test_a_personal_study_needs_one_approval(study: Study, approvers: list[User]) -> None:
    own = factories.study("mine", kind=Study.Kind.PERSONAL)
    document = draft(own)
    approve(document=document, approver=approvers[0])
    assert publish(document=document, now=JOINED_AT).state == ConsentDocument.State.PUBLISHED


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("text", [None, "", "  \n"])
def test_a_document_that_leaves_something_out_is_not_published(
    study: Study, section: str, text: str | None
) -> None:
    document = draft(study, body={name: words for name, words in BODY.items() if name != section})
    if text is not None:
        document = draft(study, body=BODY | {section: text})
    with pytest.raises(Refusal, match=f"document_incomplete: .*{section}"):
        publish(document=document, now=JOINED_AT)


def test_a_document_without_switches_is_not_published(study: Study) -> None:
    with pytest.raises(Refusal, match="nothing to agree to"):
        publish(document=draft(study, scopes=[]), now=JOINED_AT)


def test_a_new_version_retires_the_one_before(study: Study, approvers: list[User]) -> None:
    versions = []
    for _ in range(2):
        document = draft(study)
        for approver in approvers:
            approve(document=document, approver=approver)
        versions.append(publish(document=document, now=JOINED_AT))
    old, new = (ConsentDocument.objects.get(pk=version.pk) for version in versions)
    assert (old.version, old.state) == (1, ConsentDocument.State.RETIRED)
    assert (new.version, new.state, new.supersedes) == (2, ConsentDocument.State.PUBLISHED, old)


def test_any_stands_for_each_stream_and_contact_concerns_the_person(study: Study) -> None:
    document = draft(study, scopes=[("collect", ANY, False), (CONTACT_STUDY, ANY, True)])
    switches = set(document.scopes.values_list("purpose", "stream", "required"))
    assert switches == {("collect", s, False) for s in CONSENT_STREAMS} | {(CONTACT_STUDY, ANY, True)}


@pytest.mark.parametrize("scope", [("sell", "gps"), ("collect", "thoughts")])
def test_a_purpose_or_stream_that_does_not_exist_is_refused(study: Study, scope: tuple[str, str]) -> None:
    with pytest.raises(Refusal, match="unknown_scope"):
        draft(study, scopes=[(*scope, False)])
    assert not study.consent_documents.exists()
