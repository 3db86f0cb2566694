"""A consent document from its draft to its end, on the pages of those who answer for the study."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.wellness.web.papers import LIST, act, page, text
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.consent.documents import document_digest
from wellness.consent.models import Approval, ConsentDocument
from wellness.studies.models import Membership, Role
from wellness.work.kinds import drain

Browser = Callable[[User | None], Client]


def test_only_who_answers_for_the_study_has_these_pages(
    draft: ConsentDocument, cal: User, bea: User, browser: Browser
) -> None:
    paths = (LIST, page(draft), page(draft, "text/"), page(draft, "switches/collect/"))
    theirs = {role: factories.staff(draft.study, f"{role}.here", role) for role in Role.values}
    ada = factories.enrollment(draft.study)
    elsewhere = factories.staff(cal.memberships.get().study, "eli", Role.COORDINATOR)
    for path in paths:
        assert browser(None).get(path)["Location"] == f"/accounts/login/?next={path}"
        for role, user in theirs.items():
            wanted = 200 if role in {"coordinator", "administrator"} else 404
            assert browser(user).get(path).status_code == wanted, (path, role)
        for outsider in (cal, bea, ada.user, elsewhere):
            assert browser(outsider).get(path).status_code == 404
            assert browser(outsider).post(path, {"act": "approve"}).status_code == 404
    assert not Approval.objects.filter(document=draft).exists()


def test_who_works_at_one_site_reads_and_does_nothing(draft: ConsentDocument, browser: Browser) -> None:
    client = browser(factories.staff(draft.study, "sue", Role.COORDINATOR, of_site=True))
    assert "takes a role in the whole study" in client.get(page(draft)).content.decode()
    assert "Draft the next version" not in client.get(LIST).content.decode()
    for name in ("ask", "approve", "publish"):
        assert "administrator of the whole study" in act(client, draft, name)
    assert "administrator of the whole study" in act(client, draft.supersedes, "retire")
    assert client.post(LIST, {"audience": "adult", "locale": "fi"}).status_code == 422
    for rest in ("text/", "switches/collect/"):
        assert client.get(page(draft, rest)).status_code == 404
    assert not draft.approvals.exists() and ConsentDocument.objects.count() == 2


def test_a_document_of_another_study_and_none_are_alike(draft: ConsentDocument, browser: Browser) -> None:
    eli = factories.staff(factories.study("upland"), "eli", Role.COORDINATOR)
    client = browser(eli)
    answers = [
        client.get(f"/console/upland/consent/{one}/").status_code for one in (draft.public_id, uuid4())
    ]
    assert answers == [404, 404]
    assert client.get("/console/upland/consent/").status_code == 200


def test_a_draft_is_approved_by_two_and_published(
    draft: ConsentDocument, published: ConsentDocument, dot: User, mel: User, browser: Browser
) -> None:
    client, second = browser(dot), browser(mel)
    changed = client.post(page(draft, "text/"), text(draft, risks="Reminders of bad days.", grace_days=7))
    assert changed["Location"] == page(draft)
    draft.refresh_from_db()
    assert "one more approval" not in act(client, draft, "ask")
    assert "Your approval of this text is kept" in act(client, draft, "approve")
    assert "approved this document already" in act(client, draft, "approve")
    assert "needs 2 approvals" in act(client, draft, "publish")
    draft.refresh_from_db()
    assert draft.state == "draft"
    assert "Your approval of this text is kept" in act(second, draft, "approve")
    assert "It is in force" in act(second, draft, "publish")
    draft.refresh_from_db()
    published.refresh_from_db()
    assert (draft.state, published.state) == ("published", "retired")
    assert (draft.grace_days, draft.body["risks"]) == (7, "Reminders of bad days.")
    kept = AuditEntry.objects.filter(object=f"consent_document:{draft.public_id}").order_by("seq")
    assert [one.action.rpartition(".")[2] for one in kept] == [
        "draft",
        "revise",
        "ask",
        "approve",
        "approve",
        "publish",
    ]


def test_asking_tells_the_others_once(draft: ConsentDocument, dot: User, mel: User, browser: Browser) -> None:
    Membership.objects.filter(study=draft.study).exclude(user__in=[dot, mel]).delete()
    client = browser(dot)
    assert "told by e-mail" in act(client, draft, "ask")
    assert "asked for already" in act(client, draft, "ask")
    drain(timezone.now(), "consent_approval")
    drain(timezone.now(), "consent_approval")
    assert [message.to for message in mail.outbox] == [["mel@example.org"]]
    assert page(draft) in str(mail.outbox[0].body)


def test_nobody_is_told_of_a_text_that_changed_since(
    draft: ConsentDocument, dot: User, mel: User, browser: Browser
) -> None:
    client = browser(dot)
    act(client, draft, "ask")
    client.post(page(draft, "text/"), text(draft, risks="Others."))
    drain(timezone.now(), "consent_approval")
    assert mail.outbox == []


def test_an_approval_is_of_what_was_read(
    draft: ConsentDocument, dot: User, mel: User, browser: Browser
) -> None:
    read = document_digest(draft)
    browser(mel).post(page(draft, "text/"), text(draft, rights="Fewer."))
    assert "changed the draft since you opened it" in act(browser(dot), draft, "approve", read)
    stale = browser(dot).post(page(draft, "text/"), text(draft, rights="Many."))
    assert (stale.status_code, "changed the draft since" in stale.content.decode()) == (422, True)
    assert not draft.approvals.exists()
    draft.refresh_from_db()
    assert draft.body["rights"] == "Fewer."


def test_a_change_makes_earlier_approvals_count_no_more(
    draft: ConsentDocument, dot: User, mel: User, browser: Browser
) -> None:
    client = browser(dot)
    for one in (client, browser(mel)):
        act(one, draft, "approve")
    client.post(page(draft, "text/"), text(draft, rights="All of them."))
    draft.refresh_from_db()
    assert "2 approvals count no more" in client.get(page(draft)).content.decode()
    assert "needs 2 approvals" in act(client, draft, "publish")
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_version_in_force_is_retired(published: ConsentDocument, dot: User, browser: Browser) -> None:
    client = browser(dot)
    assert "It is retired" in act(client, published, "retire")
    published.refresh_from_db()
    assert published.state == "retired"
    assert "Only a document in force" in act(client, published, "retire")
    assert "nothing in force" in client.get(LIST).content.decode()
    entry = AuditEntry.objects.get(action="consent_document.retire")
    assert entry.actor == str(dot.public_id)


@pytest.mark.parametrize("name", ["approve", "publish", "retire"])
def test_a_proof_that_is_not_fresh_is_asked_for(
    name: str, draft: ConsentDocument, dot: User, browser: Browser
) -> None:
    client = browser(dot)
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= timedelta(minutes=6).total_seconds()
    session.save()
    answer = client.post(page(draft), {"act": name, "sha256": document_digest(draft)})
    assert "reauthenticate" in answer["Location"]
    assert not draft.approvals.exists()
    assert "Choose what to do" in act(client, draft, "vanish")
