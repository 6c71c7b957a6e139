"""Draws JSON values that a schema admits and that meet given pins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from hypothesis import strategies as st

from headgate.contract.payloads import Payloads
from headgate.contract.pins import Absent, Choice, Path, Pin, Pins, Size
from headgate.document.json_values import Json, JsonObject

_DEEPEST = 5
_WORDS = ("", "a", "Hello", " wörld", "naïve ☕", "\n", "{", "0", "👩‍🚀", "\u2028")
_MOMENT = "2026-11-21T10:00:00Z"
_Drawn = TypeVar("_Drawn")


class Draw(Protocol):
    """Hypothesis' way to take an example out of a strategy."""

    def __call__(self, strategy: st.SearchStrategy[_Drawn]) -> _Drawn:
        """Take one example."""
        ...


def draw_value(draw: Draw, payloads: Payloads, schema: Json, pins: Pins) -> Json:
    """Draw a value of a schema; the empty path in `pins` is the whole value."""
    return _draw(draw, payloads, schema, pins, 0)


def _draw(draw: Draw, payloads: Payloads, schema: Json, pins: Pins, depth: int) -> Json:
    pin = pins.get(())
    if isinstance(pin, Choice):
        return draw(st.sampled_from(pin.values))
    branches = [b for b in payloads.branches(schema) if _agrees(payloads, b, pins)]
    if not branches:
        return None
    if depth >= _DEEPEST:
        branches = sorted(branches, key=_weight)[:1]
    branch = branches[0] if len(branches) == 1 else draw(st.sampled_from(branches))
    if "const" in branch:
        return branch["const"]
    values = branch.get("enum")
    if isinstance(values, list) and values:
        return draw(st.sampled_from(values))
    return _draw_typed(draw, payloads, branch, pins, depth)


def _draw_typed(
    draw: Draw, payloads: Payloads, schema: JsonObject, pins: Pins, depth: int
) -> Json:
    match _type_of(draw, schema):
        case "object":
            return _draw_object(draw, payloads, schema, pins, depth)
        case "array":
            return _draw_list(draw, payloads, schema, pins, depth)
        case "string":
            return _draw_text(draw, schema)
        case "integer":
            low = _number(schema, "minimum", 0)
            high = _number(schema, "maximum", low + 1000)
            return draw(st.integers(low, min(high, low + 1000)))
        case "number":
            low = _number(schema, "minimum", 0)
            return draw(st.sampled_from([low, low + 0.5, low + 1]))
        case "boolean":
            return draw(st.booleans())
        case _:
            return None


def _type_of(draw: Draw, schema: JsonObject) -> str:
    named = schema.get("type")
    if isinstance(named, list):
        return draw(st.sampled_from([each for each in named if isinstance(each, str)]))
    if isinstance(named, str):
        return named
    structured = "properties" in schema or "allOf" in schema
    return "object" if structured else draw(st.sampled_from(["object", "string"]))


def _draw_object(
    draw: Draw, payloads: Payloads, schema: JsonObject, pins: Pins, depth: int
) -> Json:
    required, properties = payloads.fields(schema)
    pinned = {path[0] for path in pins if path}
    value: JsonObject = {}
    for name, field in properties.items():
        inner = _below(pins, name)
        if isinstance(inner.get(()), Absent):
            continue
        wanted = name in required or name in pinned
        if wanted or (depth < _DEEPEST and draw(st.booleans())):
            value[name] = _draw(draw, payloads, field, inner, depth + 1)
    return value


def _draw_list(
    draw: Draw, payloads: Payloads, schema: JsonObject, pins: Pins, depth: int
) -> Json:
    pin = pins.get(())
    low = _number(schema, "minItems", 0)
    high = low if depth >= _DEEPEST else min(_number(schema, "maxItems", 2), low + 2)
    length = pin.length if isinstance(pin, Size) else draw(st.integers(low, high))
    items = schema.get("items", {})
    return [
        _draw(draw, payloads, items, _below(pins, str(number)), depth + 1)
        for number in range(length)
    ]


def _draw_text(draw: Draw, schema: JsonObject) -> str:
    if schema.get("format") == "date-time":
        return _MOMENT
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        return draw(st.from_regex(pattern, fullmatch=True))
    low = _number(schema, "minLength", 0)
    high = _number(schema, "maxLength", low + 20)
    return draw(st.sampled_from(_WORDS)).ljust(low, "x")[: max(low, high)]


def _agrees(payloads: Payloads, branch: JsonObject, pins: Pins) -> bool:
    """Say whether a branch's constants leave room for what is pinned."""
    _, properties = payloads.fields(branch)
    if any(path[0] not in properties for path in pins if path) and properties:
        return False
    for name, field in properties.items():
        pin: Pin | None = pins.get((name,))
        constant = payloads.resolve(field).get("const")
        if constant is None or not isinstance(pin, Choice):
            continue
        if constant not in pin.values:
            return False
    return True


def _below(pins: Mapping[Path, Pin], name: str) -> Pins:
    return {path[1:]: pin for path, pin in pins.items() if path and path[0] == name}


def _weight(schema: JsonObject) -> int:
    """Order branches so that recursion ends: null, scalars, small objects."""
    required = schema.get("required")
    size = len(required) if isinstance(required, list) else 0
    return size + 10 * (schema.get("type") in ("object", "array"))


def _number(schema: JsonObject, key: str, default: int) -> int:
    value = schema.get(key)
    return int(value) if isinstance(value, (int, float)) else default
