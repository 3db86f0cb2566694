"""Twins and forecasts as they lie in the table: sealed under the person's key, opened here only."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from phenotyping.twins.models import Forecast, Twin
from wellness.studies import keys
from wellness.studies.models import Enrollment

Variables = Mapping[str, Mapping[str, Any]]
STATE = "twin|state"


def sealed_state(enrollment: Enrollment, state: Variables) -> bytes:
    """The envelope of a twin's fitted variables."""
    return keys.seal_json(enrollment, STATE, state)


def opened_state(enrollment: Enrollment, twin: Twin) -> dict[str, Any]:
    """A twin's fitted variables by name; empty before the first fit. Ask the gate before using them."""
    if twin.sealed_state is None:
        return {}
    state: dict[str, Any] = keys.unseal_json(enrollment, STATE, bytes(twin.sealed_state))
    return state


def sealed_week(enrollment: Enrollment, origin_on: date, ahead: Variables) -> bytes:
    """The envelope of the days ahead of a date."""
    return keys.seal_json(enrollment, _context(origin_on), ahead)


def opened_week(enrollment: Enrollment, forecast: Forecast) -> dict[str, Any]:
    """Mean, low and high of the days ahead by variable. Ask the gate before using them."""
    context = _context(forecast.origin_on)
    ahead: dict[str, Any] = keys.unseal_json(enrollment, context, bytes(forecast.sealed_values))
    return ahead


def keep_only(enrollment: Enrollment, usable: Collection[str]) -> None:
    """Drop every other variable from the person's twin and forecasts; a forecast of nothing goes."""
    for forecast in Forecast.objects.filter(enrollment=enrollment):
        ahead = opened_week(enrollment, forecast)
        kept = {name: days for name, days in ahead.items() if name in usable}
        if not kept:
            forecast.delete()
        elif len(kept) < len(ahead):
            forecast.sealed_values = sealed_week(enrollment, forecast.origin_on, kept)
            forecast.n_variables = len(kept)
            forecast.save(update_fields=["sealed_values", "n_variables"])
    for twin in Twin.objects.filter(enrollment=enrollment):
        state = {name: one for name, one in opened_state(enrollment, twin).items() if name in usable}
        twin.sealed_state = sealed_state(enrollment, state) if state else None
        twin.n_variables = len(state)
        twin.stage = twin.stage if state else Twin.Stage.STATIC
        twin.save(update_fields=["sealed_state", "n_variables", "stage"])


def _context(origin_on: date) -> str:
    return f"forecast|{origin_on}|values"
