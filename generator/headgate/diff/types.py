"""Types: what a value may be now that it might not be before, and the reverse.

Everything depends on the direction. A client that sends may be asked for no more than
before; a client that receives may be given no less, and nothing that it cannot read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from headgate.diff.bounds import BoundComparison, Way
from headgate.diff.changes import Changes, Level
from headgate.diff.values import quoted, values_of
from headgate.errors import Location
from headgate.ir.api import Api
from headgate.ir.types import (
    Alias,
    Constant,
    Definition,
    Enum,
    Field,
    Json,
    ListOf,
    MapOf,
    Nullable,
    Ref,
    Scalar,
    Struct,
    TupleOf,
    TypeExpr,
    TypeId,
    Union,
)

Plain: TypeAlias = TypeExpr | Definition


@dataclass(frozen=True, slots=True)
class Spot:
    """Where two types are compared: what a message calls it, and its two places."""

    name: str
    old: Location
    new: Location


@dataclass(slots=True)
class TypeComparison:
    """Compares types of two APIs; every pair of definitions once a direction."""

    before: Api
    after: Api
    changes: Changes
    bounds: BoundComparison
    seen: set[tuple[Way, TypeId, TypeId]] = field(
        default_factory=set[tuple[Way, TypeId, TypeId]]
    )
    matched: dict[TypeId, TypeId] = field(default_factory=dict[TypeId, TypeId])

    def compare(self, old: TypeExpr, new: TypeExpr, way: Way, spot: Spot) -> None:
        """Compare what a value may be at one place."""
        old, new = self._without_null(old, new, way, spot)
        first, second = self._plain(old, self.before), self._plain(new, self.after)
        if not isinstance(first, Definition) or not isinstance(second, Definition):
            self._compare_plain(first, second, way, spot)
            return
        if (way, first.id, second.id) in self.seen:
            return
        self.seen.add((way, first.id, second.id))
        self.matched[first.id] = second.id
        self._compare_named(first, second, way, spot)

    def compare_whole(self, old: TypeExpr, new: TypeExpr, way: Way, spot: Spot) -> None:
        """Compare types at places that hold just them, and so their bounds too."""
        self.bounds.compare(spot.name, spot.old, spot.new, way)
        self.compare(old, new, way, spot)

    def _note(
        self, code: str, spot: Spot, message: str, way: Way, *levels: Level
    ) -> None:
        level = levels[0] if way == "sent" else levels[-1]
        said = f"{spot.name}, which is {way}, {message}"
        self.changes.note(code, level, said, old=spot.old, new=spot.new)

    def _without_null(
        self, old: TypeExpr, new: TypeExpr, way: Way, spot: Spot
    ) -> tuple[TypeExpr, TypeExpr]:
        was, old = self._nullable(old, self.before)
        now, new = self._nullable(new, self.after)
        if now and not was and not isinstance(old, Json):
            self._note("null-added", spot, "may now be null", way, "safe", "breaking")
        if was and not now and not isinstance(new, Json):
            message = "may no longer be null"
            self._note("null-removed", spot, message, way, "breaking", "safe")
        return old, new

    def _nullable(self, expression: TypeExpr, api: Api) -> tuple[bool, TypeExpr]:
        found = self._unaliased(expression, api)
        if isinstance(found, Nullable):
            return True, found.inner
        return False, expression

    def _unaliased(self, expression: TypeExpr, api: Api) -> TypeExpr:
        for _ in range(50):
            named = (
                api.definitions.get(expression.id)
                if isinstance(expression, Ref)
                else None
            )
            if not isinstance(named, Alias):
                break
            expression = named.type
        return expression

    def _plain(self, expression: TypeExpr, api: Api) -> Plain:
        found = self._unaliased(expression, api)
        if isinstance(found, Ref):
            return api.definitions.get(found.id, Json())
        return found

    def _compare_named(
        self, old: Definition, new: Definition, way: Way, spot: Spot
    ) -> None:
        if old.words != new.words:
            message = f"is called {quoted(new.id)} now, {quoted(old.id)} before"
            self._note("type-renamed", spot, message, way, "risky")
        inside = Spot(quoted(old.id), old.location, new.location)
        self.bounds.compare(inside.name, inside.old, inside.new, way)
        match old, new:
            case Struct(), Struct():
                self._compare_structs(old, new, way, inside)
            case Union(), Union():
                self._compare_unions(old, new, way, inside)
            case Enum(), Enum():
                self._compare_values(old, new, way, inside)
            case _:
                self._compare_plain(old, new, way, spot)

    def _compare_plain(self, old: Plain, new: Plain, way: Way, spot: Spot) -> None:
        match old, new:
            case (ListOf(item=a), ListOf(item=b)) | (MapOf(value=a), MapOf(value=b)):
                inner = Spot(f"each value of {spot.name}", spot.old, spot.new)
                self.compare(a, b, way, inner)
            case TupleOf(), TupleOf():
                self._compare_tuples(old, new, way, spot)
            case Scalar(), Scalar():
                self._compare_scalars(old, new, way, spot)
            case Json(), Json():
                pass
            case Json(), _:
                message = f"was any JSON, is {kind_of(new)} now"
                self._note("type-narrowed", spot, message, way, "breaking", "risky")
            case _, Json():
                message = f"was {kind_of(old)}, is any JSON now"
                self._note("type-widened", spot, message, way, "safe", "breaking")
            case _:
                self._compare_unlike(old, new, way, spot)

    def _compare_unlike(self, old: Plain, new: Plain, way: Way, spot: Spot) -> None:
        was, now = values_of(old), values_of(new)
        if was is not None and now is not None:
            self._compare_values(old, new, way, spot)
        elif isinstance(new, Union) and self._is_among(old, new, self.before):
            message = "may now have other types too"
            self._note("type-widened", spot, message, way, "safe", "risky")
        elif isinstance(old, Union) and self._is_among(new, old, self.after):
            message = "may have fewer types than before"
            self._note("type-narrowed", spot, message, way, "breaking", "risky")
        elif was is not None and _holds(new, was):
            message = f"was one of {len(was)} values, is any {kind_of(new)} now"
            self._note("type-widened", spot, message, way, "safe", "risky")
        elif now is not None and _holds(old, now):
            message = f"was any {kind_of(old)}, is one of {len(now)} values now"
            self._note("type-narrowed", spot, message, way, "breaking", "risky")
        else:
            message = f"was {kind_of(old)}, is {kind_of(new)} now"
            self._note("type-changed", spot, message, way, "breaking")

    def _is_among(self, plain: Plain, union: Union, api: Api) -> bool:
        other = self.after if api is self.before else self.before
        kinds = [self._plain(variant.type, other) for variant in union.variants]
        if isinstance(plain, Definition):
            return any(isinstance(k, Definition) and k.id == plain.id for k in kinds)
        return plain in kinds

    def _compare_scalars(self, old: Scalar, new: Scalar, way: Way, spot: Spot) -> None:
        if old.kind == new.kind:
            if old.format != new.format:
                message = f"had format {old.format}, has {new.format} now"
                self._note("format-changed", spot, message, way, "risky")
            return
        message = f"was {kind_of(old)}, is {kind_of(new)} now"
        match old.kind, new.kind:
            case "integer", "number":
                self._note("type-widened", spot, message, way, "safe", "breaking")
            case "number", "integer":
                self._note("type-narrowed", spot, message, way, "breaking", "risky")
            case _:
                self._note("type-changed", spot, message, way, "breaking")

    def _compare_tuples(self, old: TupleOf, new: TupleOf, way: Way, spot: Spot) -> None:
        if len(old.items) != len(new.items):
            message = f"had {len(old.items)} items, has {len(new.items)} now"
            self._note("type-changed", spot, message, way, "breaking")
            return
        for number, (a, b) in enumerate(zip(old.items, new.items, strict=True), 1):
            inner = Spot(f"item {number} of {spot.name}", spot.old, spot.new)
            self.compare(a, b, way, inner)

    def _compare_values(self, old: Plain, new: Plain, way: Way, spot: Spot) -> None:
        was, now = values_of(old) or {}, values_of(new) or {}
        for value in was.keys() - now.keys():
            message = f"can no longer be {value}"
            self._note("value-removed", spot, message, way, "breaking", "risky")
        for value in now.keys() - was.keys():
            message = f"can now be {value}"
            self._note("value-added", spot, message, way, "safe", "risky")

    def _compare_unions(self, old: Union, new: Union, way: Way, spot: Spot) -> None:
        tags = [one.tag.property if one.tag else None for one in (old, new)]
        if tags[0] != tags[1]:
            message = f"was told apart by {tags[0]}, is by {tags[1]} now"
            self._note("tag-changed", spot, message, way, "risky")
        was = {self._label(v.tag, v.type): v.type for v in old.variants}
        now = {self._label(v.tag, v.type): v.type for v in new.variants}
        for label in was.keys() - now.keys():
            message = f"can no longer be {label}"
            self._note("variant-removed", spot, message, way, "breaking", "risky")
        for label in now.keys() - was.keys():
            message = f"can now be {label}"
            self._note("variant-added", spot, message, way, "safe", "risky")
        for label in was.keys() & now.keys():
            inner = Spot(f"{label} of {spot.name}", spot.old, spot.new)
            self.compare(was[label], now[label], way, inner)

    def _label(self, tag: str | None, expression: TypeExpr) -> str:
        if tag is not None:
            return quoted(tag)
        if isinstance(expression, Ref):
            return quoted(expression.id)
        return kind_of(expression)

    def _compare_structs(self, old: Struct, new: Struct, way: Way, spot: Spot) -> None:
        was = {each.name: each for each in old.fields if _is_seen(each, way)}
        now = {each.name: each for each in new.fields if _is_seen(each, way)}
        for name, each in was.items():
            if name not in now:
                self._note_removed_field(each, way, spot)
        for name, each in now.items():
            if name not in was:
                self._note_added_field(each, way, spot)
        for name in (name for name in was if name in now):
            self._compare_fields(was[name], now[name], way, spot)
        if old.extra is not None and new.extra is None:
            message = "takes no further properties now"
            self._note("extra-removed", spot, message, way, "breaking", "safe")
        if old.extra is not None and new.extra is not None:
            inner = Spot(f"each further property of {spot.name}", spot.old, spot.new)
            self.compare(old.extra, new.extra, way, inner)

    def _note_removed_field(self, gone: Field, way: Way, spot: Spot) -> None:
        here = Spot(f"{quoted(gone.name)} of {spot.name}", gone.location, spot.new)
        received: Level = "breaking" if gone.required else "risky"
        self._note("field-removed", here, "is gone", way, "breaking", received)

    def _note_added_field(self, added: Field, way: Way, spot: Spot) -> None:
        here = Spot(f"{quoted(added.name)} of {spot.name}", spot.old, added.location)
        message = "is new and required" if added.required else "is new"
        sent: Level = "breaking" if added.required else "safe"
        self._note("field-added", here, message, way, sent, "safe")

    def _compare_fields(self, old: Field, new: Field, way: Way, spot: Spot) -> None:
        name = f"{quoted(old.name)} of {spot.name}"
        here = Spot(name, old.location, new.location)
        if new.required and not old.required:
            message = "is required now"
            self._note("field-required", here, message, way, "breaking", "safe")
        if old.required and not new.required:
            message = "may be absent now"
            self._note("field-optional", here, message, way, "safe", "breaking")
        if way == "sent" and old.default != new.default:
            message = "has another default"
            self._note("default-changed", here, message, way, "risky")
        if new.docs.deprecated and not old.docs.deprecated:
            self._note("newly-deprecated", here, "is deprecated now", way, "safe")
        self.compare_whole(old.type, new.type, way, here)


def kind_of(plain: Plain) -> str:
    """Name the kind of a type for a message."""
    match plain:
        case Scalar(kind=kind, format=form):
            return f"{kind} ({form})" if form else kind
        case Constant(value=value):
            return quoted(value)
        case Ref(id=name) | Struct(id=name) | Enum(id=name) | Union(id=name):
            return quoted(name)
        case Alias(id=name):
            return quoted(name)
        case Nullable(inner=inner):
            return f"{kind_of(inner)} or null"
        case ListOf():
            return "a list"
        case TupleOf():
            return "a tuple"
        case MapOf():
            return "a map"
        case Json():
            return "any JSON"


def _is_seen(each: Field, way: Way) -> bool:
    return not (each.read_only if way == "sent" else each.write_only)


def _holds(plain: Plain, values: dict[str, object]) -> bool:
    """Whether a scalar admits all of some values."""
    if not isinstance(plain, Scalar):
        return False
    kinds: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
    }
    kind = kinds.get(plain.kind)
    return kind is not None and all(isinstance(v, kind) for v in values.values())
