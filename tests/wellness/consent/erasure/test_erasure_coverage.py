"""Nothing of a person is forgotten to be forgotten: every model that leads to one is seen to."""

from collections.abc import Iterator

from django.apps import apps
from django.db import models

from wellness.accounts.models import User
from wellness.consent.erasure import registry
from wellness.consent.modes import ANONYMISE, ERASE
from wellness.studies.models import Enrollment

PEOPLE = {Enrollment, User}


def leads(model: type[models.Model]) -> Iterator[type[models.Model]]:
    """What a row of the model refers to."""
    for field in model._meta.get_fields():
        if isinstance(field, models.ForeignKey) and isinstance(field.related_model, type):
            yield field.related_model


def personal() -> set[type[models.Model]]:
    """Every model with a path of references to an enrollment or an account, those two included."""
    found, every = set(PEOPLE), list(apps.get_models(include_auto_created=True))
    while True:
        more = {one for one in every if found.intersection(leads(one))} - found
        if not more:
            return found
        found |= more


def test_every_model_that_leads_to_a_person_is_erased_or_kept_with_a_reason() -> None:
    named = registry.covered()
    assert sorted(one._meta.label for one in personal() - named.keys()) == []
    assert all(named.values())


def test_the_walk_would_notice() -> None:
    labels = {one._meta.label for one in personal()}
    assert {"phenotyping_intake.Piece", "account.EmailConfirmation", "coach_decisions.Outcome"} <= labels
    assert "coach_library.Message" not in labels


def test_what_refers_goes_before_what_it_refers_to() -> None:
    at = {one.name: n for n, one in enumerate(registry.steps(ERASE))}
    for model in personal():
        for target in set(leads(model)) & personal():
            if model is not target and {model._meta.label_lower, target._meta.label_lower} <= at.keys():
                assert at[model._meta.label_lower] < at[target._meta.label_lower]


def test_keys_go_first_and_who_it_was_last() -> None:
    for mode in (ERASE, ANONYMISE):
        stages = [one.stage for one in registry.steps(mode)]
        assert stages == sorted(stages)
    assert (registry.steps(ERASE)[0].name, registry.steps(ERASE)[-1].name) == ("data key", "who it was")
