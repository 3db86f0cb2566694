"""The questionnaires that ship with the project, and the check of one filled-in sheet."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction

from phenotyping.surveys.models import Instrument
from wellness.lib.refusal import Refusal

CONTENT = Path(__file__).parent / "content"
MAX_TEXT = 4_000

Values = dict[str, int | str | None]


@transaction.atomic
def load_instruments() -> int:
    """How many instruments are new; a version that is known is left as it was published."""
    n_new = 0
    for path in sorted(CONTENT.glob("*.toml")):
        sheet = tomllib.loads(path.read_text())
        key = {name: sheet.pop(name) for name in ("slug", "version", "locale")}
        n_new += Instrument.objects.get_or_create(**key, defaults=sheet)[1]
    return n_new


def checked(instrument: Instrument, values: Mapping[str, Any]) -> Values:
    """The answers by item id, None for "prefer not to say"; Refusal names the item that does not fit."""
    items = {item["id"]: item for item in instrument.items}
    for name in values:
        if name not in items:
            raise Refusal("unknown_item", f"{instrument.title} has no item {name!r}.", field=str(name))
    return {name: _checked_item(item, values.get(name)) for name, item in items.items()}


def _checked_item(item: Mapping[str, Any], value: Any) -> int | str | None:
    if value is None:
        return None
    if item["kind"] == "text":
        if isinstance(value, str) and len(value) <= MAX_TEXT and "\x00" not in value:
            return value
        raise Refusal(
            "wrong_type", f"The answer is a text of at most {MAX_TEXT} characters.", field=item["id"]
        )
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refusal("wrong_type", "The answer is a whole number, or empty.", field=item["id"])
    if not item["low"] <= value <= item["high"]:
        message = f"The answer lies between {item['low']} and {item['high']}."
        raise Refusal("out_of_range", message, field=item["id"])
    return value


def phenotypes(instrument: Instrument, values: Values) -> dict[str, float]:
    """The self-report phenotypes that a sheet gives a value for."""
    return {
        item["phenotype"]: float(values[item["id"]])  # type: ignore[arg-type]  # scale items hold integers
        for item in instrument.items
        if "phenotype" in item and values.get(item["id"]) is not None
    }


def severity(instrument: Instrument, values: Values) -> str | None:
    """The gravest severity of the safety rules that a sheet meets, None when it meets none."""
    met = [
        rule["severity"]
        for item in instrument.items
        for rule in item.get("safety", ())
        if isinstance(value := values.get(item["id"]), int) and value >= rule["at_least"]
    ]
    return min(met, key=("imminent", "moderate", "low").index, default=None)
