"""Conditions, from the document that states them to functions that answer."""

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from headgate_gateway.json import JsonObject, is_list
from headgate_gateway.policies.patterns import Pattern, PatternError
from headgate_gateway.policies.problems import Problems
from headgate_gateway.policies.view import View

Condition: TypeAlias = Callable[[View], bool]

_LONGEST_TEXT = 64 * 1024
"""A comparison looks at no more of a text: it must not hold up the others."""


def compile_condition(node: JsonObject, at: str, problems: Problems) -> Condition:
    """What ``node`` states; what does not compile is noted and holds never."""
    match node["type"]:
        case "all":
            parts = _parts(node, at, problems)
            return lambda view: all(part(view) for part in parts)
        case "any":
            parts = _parts(node, at, problems)
            return lambda view: any(part(view) for part in parts)
        case "not":
            inner = compile_condition(node["condition"], f"{at}/condition", problems)
            return lambda view: not inner(view)
        case "match":
            return _match(node, at, problems)
        case "compare":
            return _compare(node)
        case _:
            return lambda _view: True


def fields_of(node: JsonObject) -> Iterator[str]:
    """The fields that a condition looks at."""
    match node["type"]:
        case "all" | "any":
            for part in node["conditions"]:
                yield from fields_of(part)
        case "not":
            yield from fields_of(node["condition"])
        case "match" | "compare":
            yield node["field"]
        case _:
            return


def compile_pattern(text: str, at: str, problems: Problems) -> Pattern | None:
    """The pattern; one that is none, or that texts could stall, is noted."""
    try:
        return Pattern(text)
    except PatternError as error:
        problems.add(at, f"The pattern does not compile: {error}.")
        return None


def _parts(node: JsonObject, at: str, problems: Problems) -> list[Condition]:
    return [
        compile_condition(part, f"{at}/conditions/{index}", problems)
        for index, part in enumerate(node["conditions"])
    ]


def _match(node: JsonObject, at: str, problems: Problems) -> Condition:
    pattern = compile_pattern(node["pattern"], f"{at}/pattern", problems)
    field: str = node["field"]

    def holds(view: View) -> bool:
        texts = [value for value in view.values(field) if isinstance(value, str)]
        return pattern is not None and pattern.is_in(texts)

    return holds


def _compare(node: JsonObject) -> Condition:
    field, operator, expected = node["field"], node["op"], node["value"]
    if operator == "exists":
        return lambda view: bool(view.values(field)) == bool(expected)
    if operator == "neq":
        return lambda view: (
            not any(_equal(value, expected) for value in view.values(field))
        )
    test = _TESTS[operator]
    return lambda view: any(test(value, expected) for value in view.values(field))


def _equal(value: Any, expected: Any) -> bool:
    return bool(value == expected) and (
        isinstance(value, bool) == isinstance(expected, bool)
    )


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """The test for values that have an order; every other pair fails it."""

    def compare(value: Any, expected: Any) -> bool:
        numbers = _is_number(value) and _is_number(expected)
        texts = isinstance(value, str) and isinstance(expected, str)
        return (numbers or texts) and test(value, expected)

    return compare


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _texts(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def compare(value: Any, expected: Any) -> bool:
        return (
            isinstance(value, str)
            and isinstance(expected, str)
            and test(value[:_LONGEST_TEXT], expected)
        )

    return compare


def _in(value: Any, expected: Any) -> bool:
    options = expected if is_list(expected) else [expected]
    return any(_equal(value, option) for option in options)


def _contains(value: Any, expected: Any) -> bool:
    if is_list(value):
        return _in(expected, value)
    return isinstance(value, str) and isinstance(expected, str) and expected in value


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": _equal,
    "gt": _ordered(lambda value, expected: value > expected),
    "gte": _ordered(lambda value, expected: value >= expected),
    "lt": _ordered(lambda value, expected: value < expected),
    "lte": _ordered(lambda value, expected: value <= expected),
    "in": _in,
    "contains": _contains,
    "starts_with": _texts(str.startswith),
    "ends_with": _texts(str.endswith),
    "glob": _texts(fnmatchcase),
}
