"""The suggestions that ship: each with evidence, a source, contraindications and approved words."""

import pytest

from coach.library.models import Intervention, Message
from coach.library.services import load_library
from tests.factories import JOINED_AT


@pytest.fixture
def library(db: None) -> None:
    load_library(now=JOINED_AT)


def test_it_covers_every_domain(library: None) -> None:
    domains = set(Intervention.objects.approved().values_list("domain", flat=True))
    assert domains == set(Intervention.Domain.values)


def test_each_says_what_was_found_and_where(library: None) -> None:
    for one in Intervention.objects.all():
        assert one.evidence.endswith(".")
        assert "doi" in one.source or "(" in one.source
        assert one.n_minutes > 0
        assert isinstance(one.contraindications, list)
        assert one.messages.filter(approved_at=JOINED_AT).exists()


def test_movement_is_not_for_the_injured(library: None) -> None:
    for one in Intervention.objects.filter(domain=Intervention.Domain.MOVEMENT):
        assert "injury" in one.contraindications


def test_loading_again_adds_nothing_and_keeps_the_words(library: None) -> None:
    Message.objects.filter(slug="brisk-walk-block").update(text="As it was sent.")
    assert load_library(now=JOINED_AT) == 0
    assert Message.objects.get(slug="brisk-walk-block").text == "As it was sent."


def test_words_fit_a_phone_and_their_tags_are_parts_of_the_day(library: None) -> None:
    for one in Message.objects.all():
        assert 10 < len(one.text) <= 300
        assert set(one.tags) <= {"morning", "afternoon", "evening"}
