"""What may be offered: never against a contraindication, words least recently seen, as often as stated."""

from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest
from scipy.stats import chisquare

from coach.decisions.conclude import conclude
from coach.decisions.ledger import draw_key
from coach.decisions.replay import context_of
from coach.decisions.spec import spec_of
from coach.delivery.models import Delivery
from coach.library.models import Intervention, Message
from coach.safety.models import Contraindication
from tests.factories.coaching import awake, decided, rule, slot
from wellness.studies.models import Device, Enrollment

N = 2_000


@pytest.fixture(autouse=True)
def _phone_is_on(device: tuple[Device, str]) -> None:
    awake(device[0], slot())


def _draws(ada: Enrollment) -> dict[str, int]:
    """How often each option comes out of the snapshot of one decision, over many ids of decisions."""
    decision = decided(ada)
    spec, snapshot, seed = spec_of(decision.rule.body), context_of(decision), draw_key(ada.study)
    ids = [UUID(bytes=np.random.default_rng(k).bytes(16)) for k in range(N)]
    drawn = [conclude(spec, snapshot, seed=seed, decision_id=one).option for one in ids]
    return {option: drawn.count(option) for option in ("walk", "breathing", "none")}


def test_draws_follow_the_probabilities(ada: Enrollment) -> None:
    rule(ada.study)
    counts = list(_draws(ada).values())
    assert chisquare(counts, [0.3 * N, 0.2 * N, 0.5 * N]).pvalue > 0.001


def test_a_contraindicated_option_is_never_drawn(ada: Enrollment) -> None:
    Contraindication.objects.create(enrollment=ada, condition="injury", since=slot() - timedelta(days=9))
    rule(ada.study)
    counts = _draws(ada)
    assert counts["walk"] == 0
    assert chisquare([counts["breathing"], counts["none"]], [0.2 * N, 0.8 * N]).pvalue > 0.001


def test_a_condition_that_ended_no_longer_counts(ada: Enrollment) -> None:
    since = slot() - timedelta(days=9)
    Contraindication.objects.create(
        enrollment=ada, condition="injury", since=since, ended_at=slot() - timedelta(hours=1)
    )
    rule(ada.study)
    assert _draws(ada)["walk"] > 0


def test_a_retired_suggestion_is_not_offered(ada: Enrollment) -> None:
    rule(ada.study)
    Intervention.objects.filter(slug="brisk-walk").update(retired_at=slot())
    assert context_of(decided(ada))["excluded"] == ["walk"]


def test_nothing_to_offer_is_a_reason(ada: Enrollment) -> None:
    rule(ada.study)
    Message.objects.update(approved_at=None)
    decision = decided(ada)
    assert (decision.available, decision.reasons) == (False, ["no_option"])


def _candidates(ada: Enrollment) -> list[str]:
    found: list[str] = context_of(decided(ada))["messages"]["walk"]
    return [name.split("@")[0] for name in found]


def _sent(ada: Enrollment, slug: str, days_ago: int) -> None:
    at = slot() - timedelta(days=days_ago)
    Delivery.objects.create(
        enrollment=ada,
        message=Message.objects.get(slug=slug),
        state=Delivery.State.SENT,
        created_at=at,
        expires_at=at,
        sent_at=at,
    )


def test_words_never_seen_come_first(ada: Enrollment) -> None:
    rule(ada.study)
    _sent(ada, "brisk-walk-block", 3)
    assert _candidates(ada) == ["brisk-walk-call", "brisk-walk-errand"]


def test_then_the_least_recently_seen(ada: Enrollment) -> None:
    rule(ada.study)
    for days_ago, slug in enumerate(("brisk-walk-call", "brisk-walk-block", "brisk-walk-errand"), 2):
        _sent(ada, slug, days_ago)
    assert _candidates(ada) == ["brisk-walk-errand"]


def test_words_fit_the_time_of_day_and_are_the_newest(ada: Enrollment) -> None:
    rule(ada.study)
    Message.objects.filter(slug="brisk-walk-call").update(tags=["morning"])
    old = Message.objects.get(slug="brisk-walk-block")
    old.pk, old.version, old.text = None, 2, "Newer words."
    old.save()
    names = context_of(decided(ada))["messages"]["walk"]
    assert names == ["brisk-walk-block@2", "brisk-walk-errand@1"]
