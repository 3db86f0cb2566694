"""When people are asked: a prompt for each questionnaire of the protocol and local day."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Self

from django.db import transaction

from phenotyping.surveys.models import Instrument, Prompt
from wellness.consent import gate
from wellness.consent.purposes import STORE, SURVEY
from wellness.lib.clock import at_local
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Phase, Protocol

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Known:
    """The newest version of each questionnaire by its slug, and who is asked which already on which day."""

    instruments: Mapping[str, Instrument]
    asked: frozenset[tuple[int, int, date]]

    @classmethod
    def at(cls, now: datetime, **whose: object) -> Self:
        """What is known at a time; of those prompts only that somebody may still answer."""
        newest = {one.slug: one for one in Instrument.objects.order_by("version")}
        open_ = Prompt.objects.filter(closes_at__gt=now, **whose)
        return cls(newest, frozenset(open_.values_list("enrollment_id", "instrument_id", "on")))


def plan_prompts(*, enrollment: Enrollment, protocol: Protocol, now: datetime) -> int:
    """How many prompts of the person's current local day are new, as the protocol's instruments ask.

    One that closes at an earlier wall time than it opens closes on the next day.
    """
    return _planned(enrollment, protocol, _Known.at(now, enrollment=enrollment), now)


def plan_all_prompts(*, now: datetime) -> int:
    """How many prompts are new, of everyone who takes part in a study with a protocol."""
    in_force = {protocol.study_id: protocol for protocol in Protocol.objects.order_by("version")}
    people = Enrollment.objects.active().filter(study__in=in_force).prefetch_related("zone_changes")
    known, n_new = _Known.at(now), 0
    for person in people:
        try:
            n_new += _planned(person, in_force[person.study_id], known, now)
        except Refusal as refusal:  # a study whose protocol is wrong does not silence the others
            logger.error("study %s: prompts not planned: %s", person.study_id, refusal.code)
    return n_new


def expire_prompts(*, now: datetime) -> int:
    """How many unanswered prompts are now closed."""
    late = Prompt.objects.filter(state=Prompt.State.OPEN, closes_at__lte=now)
    return late.update(state=Prompt.State.EXPIRED)


def _planned(enrollment: Enrollment, protocol: Protocol, known: _Known, now: datetime) -> int:
    zones = enrollment.zones()
    on, zone = zones.local_date(now), zones.at(now)
    n_new = 0
    for asked in protocol.body.get("instruments", []):
        instrument = known.instruments.get(asked["slug"])
        if instrument is None:
            raise Refusal("unknown_instrument", f"There is no questionnaire {asked['slug']!r}.")
        opens, closes = time.fromisoformat(asked["opens"]), time.fromisoformat(asked["closes"])
        opens_at = at_local(on, opens, zone)
        closes_at = at_local(on if closes > opens else on + timedelta(days=1), closes, zone)
        is_known = (enrollment.pk, instrument.pk, on) in known.asked
        if opens_at < closes_at and now < closes_at and not is_known:
            key = {"enrollment": enrollment, "instrument": instrument, "on": on}
            n_new += _asked(enrollment, key, {"opens_at": opens_at, "closes_at": closes_at}, now)
    return n_new


@transaction.atomic
def _asked(enrollment: Enrollment, key: Mapping[str, Any], times: Mapping[str, Any], now: datetime) -> bool:
    """Whether the person is asked: not who left, nor anyone whose answer could not be kept."""
    person = gate.lock(enrollment)
    if person.phase != Phase.ACTIVE or not gate.permitted(person, STORE, [SURVEY], at=now):
        return False
    return Prompt.objects.get_or_create(**key, defaults=times)[1]
