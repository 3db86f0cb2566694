"""Consent that is altered, foreign or not understood is not taken over."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests import factories
from tests.factories import JOINED_AT
from tests.wellness.gateways.fhir.conftest import NOW, Bundle, resources
from wellness.consent.approvals import approve
from wellness.consent.models import ConsentDocument, ConsentEvent
from wellness.consent.publishing import publish
from wellness.consent.services import grant, withdraw
from wellness.gateways.fhir.reading import Taken, keys_in, read_bundle, take_over
from wellness.gateways.fhir.writing import consent_bundle
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Study


def code_of(act: Callable[[], Any]) -> str:
    with pytest.raises(Refusal) as refused:
        act()
    return refused.value.code


@pytest.fixture
def bundle(ada: Enrollment) -> Bundle:
    return dict(json.loads(json.dumps(consent_bundle(ada, now=NOW))))


CHANGES: list[tuple[list[Any], Any]] = [
    (["status"], "proposed"),
    (["patient", "reference"], "Patient/other"),
    (["provision", "type"], "permit"),
    (["provision", "provision", 0, "dataPeriod", "start"], "1999-01-01T00:00:00+00:00"),
    (["sourceAttachment", "data"], "e30="),
    (["policy", 0, "uri"], "urn:uuid:other"),
    (["modifierExtension"], [{"url": "x"}]),
]


@pytest.mark.parametrize(("path", "value"), CHANGES)
def test_a_changed_consent_is_refused(
    bundle: Bundle, eve: Enrollment, public: Callable[[], Any], path: list[Any], value: Any
) -> None:
    [inner] = resources(bundle, "Consent")
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    assert code_of(lambda: read_bundle(bundle, public=public(), now=NOW)) == "signature_broken"
    assert not ConsentEvent.objects.filter(enrollment=eve).exists()


def test_an_unsigned_or_foreign_consent_is_refused(bundle: Bundle, public: Callable[[], Any]) -> None:
    assert (
        code_of(lambda: read_bundle(bundle, public=keys_in({"keys": []}), now=NOW)) == "signature_unknown_key"
    )
    [proof] = resources(bundle, "Provenance")
    proof["target"] = [{"reference": "Consent/other"}]
    assert code_of(lambda: read_bundle(bundle, public=public(), now=NOW)) == "signature_missing"
    for broken in (
        {},
        [],
        None,
        {"entry": [1]},
        {"entry": [{"resource": {"resourceType": "Consent", "id": 1}}]},
    ):
        assert (
            code_of(lambda broken=broken: read_bundle(broken, public=public(), now=NOW))
            == "consent_unreadable"
        )


def test_what_is_signed_but_not_understood_is_refused(
    ada: Enrollment, public: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from wellness.gateways.fhir import writing

    plain = writing._permit

    def narrowed(enrollment: Enrollment, row: Any) -> dict[str, Any]:
        return plain(enrollment, row) | {"securityLabel": [{"code": "R"}]}

    monkeypatch.setattr(writing, "_permit", narrowed)
    strange = consent_bundle(ada, now=NOW)
    assert code_of(lambda: read_bundle(strange, public=public(), now=NOW)) == "consent_unmapped"


def taken(bundle: Bundle, public: Callable[[], Any]) -> list[Taken]:
    return read_bundle(bundle, public=public(), now=NOW)


def test_it_needs_the_same_text_here(bundle: Bundle, study: Study, public: Callable[[], Any]) -> None:
    bare = factories.enrollment(factories.study("bay"), "eve")
    assert code_of(lambda: take_over(bare, taken(bundle, public), now=NOW)) == "document_missing"


def test_who_has_decided_here_is_not_overruled(
    bundle: Bundle, eve: Enrollment, public: Callable[[], Any]
) -> None:
    document = eve.study.consent_documents.get()
    grant(enrollment=eve, document=document, scopes=[("collect", "gps")], now=NOW)
    withdraw(enrollment=eve, now=NOW)
    assert code_of(lambda: take_over(eve, taken(bundle, public), now=NOW)) in {
        "consent_own",
        "enrollment_ended",
    }


def test_one_persons_consent_is_nobody_elses(
    bundle: Bundle, eve: Enrollment, public: Callable[[], Any]
) -> None:
    take_over(eve, taken(bundle, public), now=NOW)
    other = factories.enrollment(eve.study, "mallory")
    assert code_of(lambda: take_over(other, taken(bundle, public), now=NOW)) == "consent_of_another"


def test_withdrawn_consent_is_empty(ada: Enrollment, eve: Enrollment, public: Callable[[], Any]) -> None:
    withdraw(enrollment=ada, now=NOW)
    empty = consent_bundle(ada, now=NOW)
    assert resources(empty, "Consent") == []
    assert take_over(eve, taken(empty, public), now=NOW) == []


def test_the_command_hands_out_drafts_and_takes_over(
    ada: Enrollment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, keys = tmp_path / "consent.json", tmp_path / "keys.json"
    call_command("consent_fhir", "export", str(path), study="harbour", participant="ada")
    keys.write_bytes(Client().get("/.well-known/consent-keys.json").content)
    there = factories.study("bay")
    factories.enrollment(there, "eve")
    given = {"study": "bay", "participant": "eve", "keys": keys}
    with pytest.raises(CommandError, match="document_missing"):
        call_command("consent_fhir", "import", str(path), **given)
    call_command("consent_fhir", "import", str(path), **given, draft=True)
    drafted = there.consent_documents.get()
    assert drafted.state == ConsentDocument.State.DRAFT
    for name in ("eva", "finn"):
        approve(document=drafted, approver=factories.approver(there, name))
    publish(document=drafted, now=JOINED_AT)
    call_command("consent_fhir", "import", str(path), **given)
    assert "1 import events for eve" in capsys.readouterr().out
    with pytest.raises(CommandError, match="--keys"):
        call_command("consent_fhir", "import", str(path), study="bay", participant="eve")
    with pytest.raises(CommandError, match="no participant"):
        call_command("consent_fhir", "export", str(path), study="bay", participant="nobody")
