"""The sentence that tells a participant why something was offered or not."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from coach.rules.evaluate import LeafRecord, Verdict
from coach.rules.variables import LOCAL_TIME, Registry, Variable

COMPARED: Mapping[str, str] = MappingProxyType(
    {
        "<": "below {}",
        "<=": "at most {}",
        ">": "above {}",
        ">=": "at least {}",
        "between": "between {}",
    }
)
UNKNOWN: Mapping[str, str] = MappingProxyType(
    {
        "absent": "not known",
        "no_consent": "not shared",
        "too_old": "not known recently enough",
        "low_coverage": "not measured for long enough",
    }
)


def explain(verdict: Verdict, registry: Registry, *, offered: bool | None = None) -> str:
    """One English sentence naming what the verdict rests on and what is not known.

    `offered` says what really happened when that differs from the rule's truth (a fallback, say).
    """
    held = verdict.truth is True
    offered = held if offered is None else offered
    start = f"{'Offered' if offered else 'Not offered'} {'because' if offered is held else 'although'}"
    decisive = [record for record in verdict.trace if record.decisive]
    if verdict.truth is None:
        return f"{start} {_listed(_gaps(decisive, registry), 'and')}."
    facts = _listed([_fact(record, registry) for record in decisive], "and")
    return f"{start} {'; '.join([facts, *_gaps(verdict.trace, registry)])}."


def _gaps(records: Sequence[LeafRecord], registry: Registry) -> list[str]:
    gaps = [_gap(registry[name], why) for record in records for name, why in record.why.items()]
    return list(dict.fromkeys(gaps))


def _gap(variable: Variable, why: str) -> str:
    return f"{_label(variable)} {'are' if variable.plural else 'is'} {UNKNOWN.get(why, 'not readable')}"


def _fact(record: LeafRecord, registry: Registry) -> str:
    if record.var == LOCAL_TIME.name:
        start, end = record.operand
        return f"it was {record.value[:5]}, {_not(record)}between {start} and {end}"
    variable = registry[record.var]
    subject = f"{_label(variable)} {'were' if variable.plural else 'was'} {_shown(record.value, variable)}"
    operand = _operand(record.operand, variable, registry)
    if variable.kind == "number":
        return f"{subject}, {_not(record)}{COMPARED[record.op].format(operand)}"
    equal = (record.truth == "true") is (record.op != "!=")
    if isinstance(record.operand, dict):
        return f"{subject}, {'' if equal else 'not '}the same as {operand}"
    return subject if equal or variable.kind == "flag" else f"{subject}, not {operand}"


def _not(record: LeafRecord) -> str:
    return "" if record.truth == "true" else "not "


def _operand(operand: Any, variable: Variable, registry: Registry) -> str:
    if isinstance(operand, dict):
        return f"{_label(registry[operand['var']])} ({_shown(operand['value'], variable)})"
    if isinstance(operand, list | tuple):
        joint = "and" if variable.kind == "number" else "or"
        return _listed([_shown(item, variable) for item in operand], joint)
    return _shown(operand, variable)


def _shown(value: Any, variable: Variable) -> str:
    if isinstance(value, bool):
        return "true" if value else "not true"
    if isinstance(value, str):
        return value
    text = f"{value:,.3f}".rstrip("0").rstrip(".")
    said = not variable.unit or variable.unit in _label(variable).split()
    return text if said else f"{text} {variable.unit}"


def _label(variable: Variable) -> str:
    return variable.label or variable.name.replace("_", " ")


def _listed(items: Sequence[str], joint: str) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {joint} {items[-1]}"
