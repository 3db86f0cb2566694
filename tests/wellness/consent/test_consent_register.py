"""The record of processing: what documents offer and what people agreed to, and nothing else."""

import json
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from phenotyping.streams.catalogue import STREAM_NAMES
from tests import factories
from tests.factories import JOINED_AT
from wellness.accounts.models import User
from wellness.consent.publishing import retire
from wellness.consent.purposes import CONSENT_STREAMS, INTERVENE, PURPOSES, SURVEY
from wellness.consent.register import processing_register
from wellness.consent.services import withdraw
from wellness.studies.models import Enrollment, Role


def test_every_purpose_on_offer_is_in_it_with_its_data(ada: Enrollment) -> None:
    register = {one.purpose: one for one in processing_register(ada.study)}
    assert list(register) == list(PURPOSES)
    coaching = register[INTERVENE]
    assert [one.stream for one in coaching.categories] == sorted(CONSENT_STREAMS)
    assert {one.n_people for one in coaching.categories} == {1}
    assert coaching.rests_on == ("collect", "store", "feature", "model.personal")
    gps = next(one for one in coaching.categories if one.stream == "gps")
    assert (gps.sensitivity, gps.retention_days) == ("intimate", None)
    assert all(one.about for one in coaching.categories if one.stream in (*STREAM_NAMES, SURVEY))


def test_who_takes_back_is_no_longer_counted(ada: Enrollment) -> None:
    withdraw(enrollment=ada, scopes=[(INTERVENE, "gps")], now=JOINED_AT.replace(hour=23))
    register = {one.purpose: one for one in processing_register(ada.study)}
    counts = {one.stream: one.n_people for one in register[INTERVENE].categories}
    assert (counts["gps"], counts["steps"]) == (0, 1)


def test_a_retired_document_counts_as_long_as_somebody_stands_by_it(ada: Enrollment, dot: User) -> None:
    retire(document=ada.study.consent_documents.get(), by=dot, now=JOINED_AT.replace(hour=22))
    assert [one.purpose for one in processing_register(ada.study)] == list(PURPOSES)
    withdraw(enrollment=ada, now=JOINED_AT.replace(hour=23))
    assert processing_register(ada.study) == []


def test_a_study_without_a_document_processes_nothing(db: None) -> None:
    assert processing_register(factories.study("inland")) == []


def test_the_command_prints_it_and_names_an_unknown_study(ada: Enrollment) -> None:
    out = StringIO()
    call_command("processing_register", ada.study.slug, stdout=out)
    assert len(json.loads(out.getvalue())["processing"]) == len(PURPOSES)
    with pytest.raises(CommandError, match="There is no study named nowhere"):
        call_command("processing_register", "nowhere")


def test_those_who_answer_for_the_study_read_it_and_others_find_nothing(
    ada: Enrollment, bea: User, cal: User, dot: User, client: Client
) -> None:
    study, auditor = ada.study, factories.staff(ada.study, "gus", Role.AUDITOR)
    page = f"/console/{study.slug}/processing/"
    assert client.get(page).status_code == 302
    for user, status in ((dot, 200), (auditor, 200), (bea, 404), (cal, 404), (ada.user, 404)):
        client.force_login(user)
        assert client.get(page).status_code == status
    client.force_login(dot)
    assert "Use it to choose suggestions for you" in client.get(page).content.decode()
    assert "ada" not in re.findall(r"\w+", client.get(page).content.decode())
    assert client.get("/console/nowhere/processing/").status_code == 404
