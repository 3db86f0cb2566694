from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from tests import factories
from tests.factories import JOINED_AT
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.consent.approvals import approve
from wellness.consent.differences import Difference, diff
from wellness.consent.documents import Terms, document_digest, draft_document, revise
from wellness.consent.models import ConsentDocument
from wellness.consent.publishing import publish
from wellness.consent.purposes import ANY, CONSENT_STREAMS, CONTACT_STUDY
from wellness.consent.validity import SECTIONS
from wellness.lib.refusal import Refusal
from wellness.studies.models import Role, Study

BODY = {section: f"About {section}." for section in SECTIONS}
SCOPES = [("collect", "gps", True), ("store", "gps", False)]


def draft(study: Study, **change: Any) -> ConsentDocument:
    return draft_document(**({"study": study, "body": BODY, "scopes": SCOPES} | change))


@pytest.fixture
def approvers(study: Study) -> list[User]:
    return [factories.approver(study, name) for name in ("eva", "finn")]


def published(study: Study, approvers: list[User], **change: Any) -> ConsentDocument:
    document = draft(study, **change)
    for approver in approvers:
        approve(document=document, approver=approver)
    return publish(document=document, now=JOINED_AT)


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
    versions = [published(study, approvers) for _ in range(2)]
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


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.ANALYST, Role.AUDITOR])
def test_only_who_answers_for_the_study_approves(study: Study, cal: User, role: Role) -> None:
    document = draft(study)
    for outsider in (cal, factories.staff(study, "gus", role)):
        with pytest.raises(Refusal, match="not_an_approver"):
            approve(document=document, approver=outsider)
    assert not document.approvals.exists()


def test_who_left_the_study_has_not_approved(study: Study, approvers: list[User]) -> None:
    document = draft(study)
    for approver in approvers:
        approve(document=document, approver=approver)
    approvers[0].memberships.update(ended_at=JOINED_AT)
    with pytest.raises(Refusal, match="approvals_missing"):
        publish(document=document, now=JOINED_AT)
    with pytest.raises(Refusal, match="not_an_approver"):
        publish(document=document, now=JOINED_AT, publisher=approvers[0])


def test_an_approval_is_of_one_text(study: Study, approvers: list[User]) -> None:
    document = draft(study)
    for approver in approvers:
        approve(document=document, approver=approver)
    revise(document=document, body=BODY | {"risks": "Some."}, scopes=SCOPES)
    with pytest.raises(Refusal, match="approvals_missing"):
        publish(document=document, now=JOINED_AT)
    for approver in approvers:
        approve(document=document, approver=approver)
    assert publish(document=document, now=JOINED_AT).body["risks"] == "Some."


@pytest.mark.parametrize(
    "terms",
    [
        {"retention_days": 30},
        {"recipients": "a university"},
        {"min_age": 16},
        {"valid_days": 90},
    ],
)
def test_the_digest_covers_the_terms_of_each_switch(study: Study, terms: dict[str, Any]) -> None:
    document = draft(study)
    plain = document_digest(document)
    revise(document=document, body=BODY, scopes=SCOPES, terms={"store": Terms(**terms)})
    assert document_digest(document) != plain


@pytest.mark.parametrize("text", ["None.", "no automated decisions", "N/A", " Not applicable ", "-- none --"])
def test_models_and_suggestions_are_explained(study: Study, text: str) -> None:
    body = BODY | {"automated_decisions": text}
    for scopes, says in (
        (SCOPES, "approvals_missing"),
        ([("intervene", "gps", False)], "automated_decisions"),
    ):
        with pytest.raises(Refusal, match=says):
            publish(document=draft(study, body=body, scopes=scopes), now=JOINED_AT)


@pytest.mark.parametrize("text", ["\u200b\u200b", "---", "\t", 7])
def test_a_section_that_says_nothing_is_missing(study: Study, text: object) -> None:
    with pytest.raises(Refusal, match="document_incomplete: .*retention"):
        publish(document=draft(study, body=BODY | {"retention": text}), now=JOINED_AT)


def test_a_section_nobody_knows_is_refused(study: Study) -> None:
    with pytest.raises(Refusal, match="nobody knows: fine_print"):
        publish(document=draft(study, body=BODY | {"fine_print": "All yours."}), now=JOINED_AT)


def test_an_editorial_version_alters_no_switch(study: Study, approvers: list[User]) -> None:
    editorial = ConsentDocument.Change.EDITORIAL
    with pytest.raises(Refusal, match="editorial_first"):
        published(study, approvers, change=editorial)
    published(study, approvers)
    for change in (
        {"scopes": [*SCOPES, ("feature", "gps", False)]},
        {"scopes": SCOPES[:1]},
        {"scopes": [("collect", "gps", False), ("store", "gps", False)]},
        {"terms": {"store": Terms(retention_days=9)}},
    ):
        with pytest.raises(Refusal, match="editorial_changes_scopes"):
            published(study, approvers, change=editorial, **change)
    assert published(study, approvers, change=editorial, body=BODY | {"risks": "Few."})


def test_publishing_says_who_did_it(study: Study, approvers: list[User]) -> None:
    document = draft(study)
    for approver in approvers:
        approve(document=document, approver=approver)
    publish(document=document, now=JOINED_AT, publisher=approvers[1])
    entries = AuditEntry.objects.filter(object=f"consent_document:{document.public_id}").order_by("seq")
    eva, finn = (str(approver.public_id) for approver in approvers)
    verbs = [(entry.action.rpartition(".")[2], entry.actor) for entry in entries]
    assert verbs == [("draft", "system"), ("approve", eva), ("approve", finn), ("publish", finn)]


def test_the_difference_between_versions_names_sections_and_switches(study: Study) -> None:
    old = draft(study, body={"risks": "Few.", "rights": "All.", "contact": "Bea."})
    new = draft(
        study,
        body={"risks": "Many.", "rights": "All.", "benefits": "None."},
        scopes=[("collect", "gps", False), ("feature", "gps", False)],
    )
    found = diff(old, new)
    assert found == Difference(
        sections_added=("benefits",),
        sections_removed=("contact",),
        sections_changed=("risks",),
        scopes_added=(("feature", "gps"),),
        scopes_removed=(("store", "gps"),),
        scopes_changed=(("collect", "gps"),),
    )
    assert found.of_scopes
    assert not diff(old, old).of_scopes


FROZEN = [
    "UPDATE wellness_consent_consentdocument SET body = '{}'",
    "UPDATE wellness_consent_consentdocument SET state = 'draft'",
    "UPDATE wellness_consent_consentdocument SET state = 'retired', locale = 'xx'",
    "DELETE FROM wellness_consent_consentdocument",
    "UPDATE wellness_consent_consentscope SET required = NOT required",
    "DELETE FROM wellness_consent_consentscope",
    "UPDATE wellness_consent_approval SET document_sha256 = ''",
    "DELETE FROM wellness_consent_approval",
    "INSERT INTO wellness_consent_consentscope (document_id, purpose, stream, required, recipients, min_age)"
    " SELECT id, 'collect', 'x', FALSE, '', 0 FROM wellness_consent_consentdocument",
]


@pytest.mark.parametrize("statement", FROZEN)
def test_raw_sql_cannot_alter_what_is_published(study: Study, approvers: list[User], statement: str) -> None:
    published(study, approvers)
    refused = pytest.raises(DatabaseError, match="is published")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_published_document_may_only_retire(study: Study, approvers: list[User]) -> None:
    document = published(study, approvers)
    rows = ConsentDocument.objects.filter(pk=document.pk)
    assert rows.update(state="retired") == 1
    with pytest.raises(DatabaseError, match="is published"), transaction.atomic():
        rows.update(state="published")


def test_a_draft_may_be_altered_and_removed(study: Study, approvers: list[User]) -> None:
    published(study, approvers)
    document = draft(study)
    document.scopes.all().delete()
    assert document.delete()[0] == 1
