"""Reading one leaf of a rule from JSON, with its types, units and ranges checked."""

import math
from collections.abc import Mapping
from datetime import time
from types import MappingProxyType
from typing import Any

from coach.rules.nodes import Leaf, Operand
from coach.rules.problems import Problem, RuleError
from coach.rules.variables import LOCAL_TIME, Registry, Variable

KEYS = frozenset({"var", "op", "value", "var2", "max_age_min"})
# A float is never compared for equality; 3 steps and 3.0000001 steps are the same to a person.
OPS_OF_KIND: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "number": ("<", "<=", ">", ">=", "between"),
        "flag": ("==", "!="),
        "word": ("==", "!=", "in"),
        "clock": ("within_time",),
    }
)
WITHOUT_VAR2 = frozenset({"in", "between", "within_time"})


def comparison(spec: Mapping[str, Any], path: str, registry: Registry) -> Leaf:
    """The leaf a JSON object describes; RuleError naming every problem found in it."""
    _refuse(_misshapen(spec, path))
    variable = _lookup(spec["var"], f"{path}/var", registry)
    op = spec["op"]
    if op not in OPS_OF_KIND[variable.kind]:
        allowed = " ".join(OPS_OF_KIND[variable.kind])
        raise RuleError([(f"{path}/op", f"a {variable.kind} is compared by {allowed}, not by {op!r}")])
    _refuse(_age_problems(spec, path, variable))
    max_age = spec.get("max_age_min")
    if "var2" in spec:
        other = _lookup(spec["var2"], f"{path}/var2", registry)
        _refuse(_pair_problems(variable, other, op, f"{path}/var2"))
        return Leaf(path, variable, op, other=other, max_age_min=max_age)
    return Leaf(path, variable, op, _operand(spec["value"], op, variable, f"{path}/value"), None, max_age)


def is_number(value: object) -> bool:
    """True for a finite int or float; a boolean is not a number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise RuleError(problems)


def _misshapen(spec: Mapping[str, Any], path: str) -> list[Problem]:
    problems = [(f"{path}/{key}", "is not part of a comparison") for key in spec if key not in KEYS]
    problems += [(path, f"a comparison needs {key!r}") for key in ("var", "op") if key not in spec]
    if ("value" in spec) == ("var2" in spec):
        problems.append((path, "a comparison needs either 'value' or 'var2'"))
    return problems


def _lookup(name: object, path: str, registry: Registry) -> Variable:
    if name == LOCAL_TIME.name:
        return LOCAL_TIME
    if not isinstance(name, str) or name not in registry:
        raise RuleError([(path, f"there is no variable {name!r}")])
    return registry[name]


def _age_problems(spec: Mapping[str, Any], path: str, variable: Variable) -> list[Problem]:
    if "max_age_min" not in spec:
        return []
    path, limit = f"{path}/max_age_min", spec["max_age_min"]
    if variable.kind == "clock":
        return [(path, "the clock has no age")]
    if not is_number(limit) or limit <= 0:
        return [(path, "is a number of minutes above 0")]
    if variable.max_age_min is not None and limit > variable.max_age_min:
        return [(path, f"{variable.name} means nothing after {variable.max_age_min:g} minutes")]
    return []


def _pair_problems(variable: Variable, other: Variable, op: str, path: str) -> list[Problem]:
    if op in WITHOUT_VAR2:
        return [(path, f"{op!r} compares with a value, not with a variable")]
    if variable.name == other.name:
        return [(path, "a variable is not compared with itself")]
    if variable.kind != other.kind:
        return [(path, f"{other.name} is a {other.kind}, {variable.name} a {variable.kind}")]
    if variable.unit != other.unit:
        return [(path, f"{other.name} is in {other.unit!r}, {variable.name} in {variable.unit!r}")]
    return []


def _operand(value: Any, op: str, variable: Variable, path: str) -> Operand:
    if op == "within_time":
        return _wall_times(value, path)
    if op == "in":
        return _words(value, variable, path)
    if op == "between":
        return _interval(value, variable, path)
    if variable.kind == "number":
        return _number(value, variable, path)
    if variable.kind == "word":
        return _word(value, variable, path)
    if not isinstance(value, bool):
        raise RuleError([(path, "is true or false")])
    return value


def _number(value: Any, variable: Variable, path: str) -> float:
    if not is_number(value):
        raise RuleError([(path, "is not a number")])
    if not variable.admits(value):
        allowed = f"{variable.low} to {variable.high} {variable.unit}".rstrip()
        raise RuleError([(path, f"{value:g} is outside {allowed}")])
    return float(value)


def _word(value: Any, variable: Variable, path: str) -> str:
    if not isinstance(value, str):
        raise RuleError([(path, "is not a word")])
    if variable.words and value not in variable.words:
        raise RuleError([(path, f"{value!r} is none of {', '.join(variable.words)}")])
    return value


def _words(value: Any, variable: Variable, path: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise RuleError([(path, "is a list of at least one word")])
    found = tuple(_word(word, variable, f"{path}/{index}") for index, word in enumerate(value))
    if len(set(found)) < len(found):
        raise RuleError([(path, "names a word twice")])
    return found


def _interval(value: Any, variable: Variable, path: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise RuleError([(path, "is a pair [low, high]")])
    low, high = (_number(bound, variable, f"{path}/{index}") for index, bound in enumerate(value))
    if low > high:
        raise RuleError([(path, "the low end is above the high end")])
    return low, high


def _wall_times(value: Any, path: str) -> tuple[time, time]:
    if not isinstance(value, list) or len(value) != 2:
        raise RuleError([(path, "is a pair of wall times")])
    start, end = (_wall_time(bound, f"{path}/{index}") for index, bound in enumerate(value))
    if start == end:
        raise RuleError([(path, "starts and ends at the same time")])
    return start, end


def _wall_time(value: Any, path: str) -> time:
    try:
        wall = time.fromisoformat(value)
    except (TypeError, ValueError):
        wall = None
    if wall is None or f"{wall:%H:%M}" != value:
        raise RuleError([(path, "is a wall time such as '07:30'")])
    return wall
