"""Bounds of values: lengths, sizes, patterns (JSON Schema 2020-12 Validation, 6).

The SDKs do not check them, the service does: what is sent may be refused now that was
taken before, and what is received may be longer than a program has room for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias, TypeGuard

from headgate.diff.changes import WAYS, Changes, Level, TypeChange, Way
from headgate.diff.written import Written, as_object
from headgate.document.json_values import Json, JsonObject
from headgate.errors import Location
from headgate.ir.api import Api
from headgate.ir.types import Alias, TypeId

Turn: TypeAlias = Literal["tightened", "loosened", "changed"]

_LEAST: Final = ("minLength", "minItems", "minProperties")
_MOST: Final = ("maxLength", "maxItems", "maxProperties")
_EXACT: Final = ("pattern", "multipleOf", "uniqueItems")
_DEEPEST: Final = 8

_LEVELS: Final[dict[Turn, tuple[Level, Level]]] = {
    "tightened": ("breaking", "safe"),
    "loosened": ("safe", "risky"),
    "changed": ("risky", "risky"),
}
"""What a turn is to who sends, and to who receives."""


class Limit(NamedTuple):
    """A bound on a number; `open`: the number itself is out of it."""

    value: int | float
    open: bool


Bound: TypeAlias = Limit | str
Bounds: TypeAlias = dict[str, Bound]


@dataclass(frozen=True, slots=True)
class BoundComparison:
    """Compares the bounds of two documents, of which `old` and `new` are the APIs."""

    old: Api
    new: Api
    before: Written
    after: Written
    changes: Changes

    def compare(self, name: str, old: Location, new: Location, way: Way) -> None:
        """Compare what is written at two places, down to the next type with a name."""
        was = dict(bounds_below(self.before, self.before.schema(old), self.old))
        now = dict(bounds_below(self.after, self.after.schema(new), self.new))
        for inside in [*was, *(each for each in now if each not in was)]:
            first, second = was.get(inside), now.get(inside)
            if first is None or second is None:
                # The type changed there, which is told on its own.
                continue
            for key in sorted(first.keys() | second.keys()):
                turn = _turn(key, first.get(key), second.get(key))
                if turn is not None:
                    what = f"{inside}{name}, which is {WAYS},"
                    said = f"{what} {_said(key, first.get(key), second.get(key))}"
                    level = _LEVELS[turn][0 if way == "sent" else 1]
                    change = _change(turn, said, old, new)
                    self.changes.note_type(change, way, level)


def _change(turn: Turn, said: str, old: Location, new: Location) -> TypeChange:
    match turn:
        case "tightened":
            return TypeChange("bound-tightened", said, old, new)
        case "loosened":
            return TypeChange("bound-loosened", said, old, new)
        case "changed":
            return TypeChange("bound-changed", said, old, new)


def bounds_below(
    document: Written, schema: JsonObject, api: Api, name: str = "", depth: int = 0
) -> Iterator[tuple[str, Bounds]]:
    """Give the bounds of a schema and of the values in it, by what a message says."""
    if depth > _DEEPEST or _is_named(document, schema, api):
        return
    whole = _flat(document, schema, api)
    yield name, _bounds(whole)
    for key, kind in (("items", "each item of "), ("additionalProperties", "each ")):
        inner = whole.get(key)
        if isinstance(inner, dict):
            said = f"{kind}{'further property of ' if key != 'items' else ''}{name}"
            yield from bounds_below(document, inner, api, said, depth + 1)


def _is_named(document: Written, schema: JsonObject, api: Api) -> bool:
    """Whether a schema refers to a type that is compared on its own."""
    target = document.target(schema)
    if target is None:
        return False
    definition = api.definitions.get(TypeId(target[0]))
    return definition is not None and not isinstance(definition, Alias)


def _flat(
    document: Written, schema: JsonObject, api: Api, depth: int = 0
) -> JsonObject:
    """Put what a schema says beside what it refers to and is made of."""
    found = dict(schema)
    members = schema.get("allOf")
    parts = list(members) if isinstance(members, list) else []
    target = document.target(schema)
    if target is not None and not _is_named(document, schema, api):
        parts.append(target[1])
    if depth < _DEEPEST:
        for part in parts:
            inner = as_object(part)
            if not _is_named(document, inner, api):
                found = {**_flat(document, inner, api, depth + 1), **found}
    return found


def _bounds(schema: JsonObject) -> Bounds:
    found: Bounds = {}
    for key in (*_LEAST, *_MOST):
        value = schema.get(key)
        if _is_number(value):
            found[key] = Limit(value, open=False)
    for key, other in (
        ("minimum", "exclusiveMinimum"),
        ("maximum", "exclusiveMaximum"),
    ):
        limit = _limit(schema.get(key), schema.get(other), least=key == "minimum")
        if limit is not None:
            found[key] = limit
    for key in _EXACT:
        value = schema.get(key)
        if value is True or isinstance(value, str):
            found[key] = str(value).lower() if value is True else value
        elif _is_number(value):
            found[key] = Limit(value, open=False)
    # A length of at least nothing is no bound.
    return {
        key: bound
        for key, bound in found.items()
        if not (key in _LEAST and bound == Limit(0, open=False))
    }


def _limit(bound: Json, exclusive: Json, *, least: bool) -> Limit | None:
    """Read a bound in the dialect of OpenAPI 3.0 (a flag beside it) or of 3.1."""
    limits: list[Limit] = []
    if _is_number(bound):
        limits.append(Limit(bound, open=exclusive is True))
    if _is_number(exclusive):
        limits.append(Limit(exclusive, open=True))
    if not limits:
        return None
    sign = 1 if least else -1
    return max(limits, key=lambda each: (sign * each.value, each.open))


def _is_number(value: Json) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _turn(key: str, was: Bound | None, now: Bound | None) -> Turn | None:
    """Say whether fewer values than before keep to a bound, or more."""
    if was == now:
        return None
    if was is None or now is None:
        return "tightened" if was is None else "loosened"
    if not isinstance(was, Limit) or not isinstance(now, Limit):
        return "changed"
    if key == "multipleOf":
        return _turn_of_steps(was.value, now.value)
    is_least = key in _LEAST or key == "minimum"
    sign = 1 if is_least else -1
    first, second = ((sign * each.value, each.open) for each in (was, now))
    return "tightened" if second > first else "loosened"


def _turn_of_steps(was: float, now: float) -> Turn:
    if was and now % was == 0:
        return "tightened"
    return "loosened" if now and was % now == 0 else "changed"


def _said(key: str, was: Bound | None, now: Bound | None) -> str:
    if now is None:
        return f"has no {key} now, before {_shown(was)}"
    before = "none" if was is None else _shown(was)
    return f"has {key} {_shown(now)} now, before {before}"


def _shown(bound: Bound | None) -> str:
    if isinstance(bound, Limit):
        return f"{bound.value}{' (itself out of it)' if bound.open else ''}"
    return repr(bound)
