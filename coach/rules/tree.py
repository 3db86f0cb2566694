"""Reading a rule tree from JSON; a rule that parses is safe to publish."""

from collections.abc import Mapping
from typing import Any

from coach.rules.comparison import comparison
from coach.rules.nodes import AllOf, AnyOf, Node, Not
from coach.rules.problems import Problem, RuleError
from coach.rules.satisfiable import idle_parts
from coach.rules.variables import Registry

MAX_DEPTH, MAX_NODES = 12, 200
COMBINERS = ("all", "any", "not")


def parse(rule: Any, registry: Registry) -> Node:
    """The rule tree of a JSON value; RuleError listing every (JSON pointer, message) when it is not sound.

    Refused: unknown variable, wrong type, unit or range of an operand, equality of numbers, parts that can
    never hold or that always hold (where that is decidable), and trees too deep or too large.
    """
    node = parse_published(rule, registry)
    problems = idle_parts(node)
    if problems:
        raise RuleError(problems)
    return node


def parse_published(rule: Any, registry: Registry) -> Node:
    """The same tree without the search for idle parts: quick, for a rule that passed `parse` before."""
    if _size(rule) > MAX_NODES:
        raise RuleError([("", f"more than {MAX_NODES} nodes, or deeper than {MAX_DEPTH}")])
    return _node(rule, "", registry)


def _size(rule: Any, depth: int = 1) -> int:
    if depth > MAX_DEPTH:
        return MAX_NODES + 1
    if not isinstance(rule, Mapping):
        return 1
    below = [child for key in ("all", "any") if isinstance(rule.get(key), list) for child in rule[key]]
    below += [rule["not"]] if "not" in rule else []
    return 1 + sum(_size(child, depth + 1) for child in below[:MAX_NODES])


def _node(rule: Any, path: str, registry: Registry) -> Node:
    if not isinstance(rule, Mapping):
        raise RuleError([(path, "is not an object")])
    combiners = [key for key in COMBINERS if key in rule]
    if not combiners:
        return comparison(rule, path, registry)
    if len(rule) > 1:
        raise RuleError([(path, f"{combiners[0]!r} stands alone in its object")])
    key = combiners[0]
    path_below = f"{path}/{key}"
    if key == "not":
        return Not(path, _node(rule["not"], path_below, registry))
    nodes = _nodes(rule[key], path_below, registry)
    return AllOf(path, nodes) if key == "all" else AnyOf(path, nodes)


def _nodes(rules: Any, path: str, registry: Registry) -> tuple[Node, ...]:
    if not isinstance(rules, list) or not rules:
        raise RuleError([(path, "is a list of at least one condition")])
    nodes: list[Node] = []
    problems: list[Problem] = []
    for index, rule in enumerate(rules):
        try:
            nodes.append(_node(rule, f"{path}/{index}", registry))
        except RuleError as error:
            problems += error.problems
    if problems:
        raise RuleError(problems)
    return tuple(nodes)
