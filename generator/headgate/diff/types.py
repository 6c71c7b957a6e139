"""Types: what a value may be now that it might not be before, and the reverse.

Everything depends on the direction. A client that sends may be asked for no more than
before; a client that receives may be given no less, and nothing that it cannot read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import Final, TypeAlias

from headgate.diff.bounds import BoundComparison
from headgate.diff.changes import WAYS, Changes, Level, TypeChange, Way
from headgate.diff.values import Values, quoted, values_of
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
    Variant,
)

Plain: TypeAlias = TypeExpr | Definition

_MOST_NAMES: Final = 50
"""Names that stand for one another; a cycle of them leads nowhere."""

_MOST_SHOWN: Final = 5
"""So many values of one type that come or go are named."""


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
    inside: list[tuple[Way, TypeId, TypeId]] = field(
        default_factory=list[tuple[Way, TypeId, TypeId]]
    )
    """The names whose types are being compared, from the outermost inwards."""
    matched: dict[TypeId, TypeId] = field(default_factory=dict[TypeId, TypeId])
    renamed: set[tuple[TypeId, TypeId]] = field(
        default_factory=set[tuple[TypeId, TypeId]]
    )

    def compare(self, old: TypeExpr, new: TypeExpr, way: Way, spot: Spot) -> None:
        """Compare what a value may be at one place; nothing of a name within itself."""
        if not (isinstance(old, Ref) and isinstance(new, Ref)):
            self._compare(old, new, way, spot)
            return
        names = (way, old.id, new.id)
        if names not in self.inside:
            self.inside.append(names)
            self._compare(old, new, way, spot)
            self.inside.pop()

    def _compare(self, old: TypeExpr, new: TypeExpr, way: Way, spot: Spot) -> None:
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
        said = f"{spot.name}, which is {WAYS}, {message}"
        change = TypeChange(code, said, spot.old, spot.new)
        self.changes.note_type(change, way, level)

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
        may_be = False
        for _ in range(_MOST_NAMES):
            found = self._unaliased(expression, api)
            if not isinstance(found, Nullable):
                break
            may_be, expression = True, found.inner
        return may_be, expression

    def _unaliased(self, expression: TypeExpr, api: Api) -> TypeExpr:
        for _ in range(_MOST_NAMES):
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
        self._compare_names(old, new, spot)
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

    def _compare_names(self, old: Definition, new: Definition, spot: Spot) -> None:
        """Say once what a type is called now; what is inside it is called after it."""
        is_inside = _own_name(old) == _own_name(new) != ""
        pair = (old.id, new.id)
        if old.words == new.words or is_inside or pair in self.renamed:
            return
        self.renamed.add(pair)
        names = f"the type {quoted(new.id)} now, {quoted(old.id)} before"
        message = f"{spot.name} is of {names}"
        places = {"old": spot.old, "new": spot.new}
        self.changes.note("type-renamed", "risky", message, **places)

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
        was, now = self._values(old, self.before), self._values(new, self.after)
        if was is not None and now is not None:
            self._note_values(was, now, way, spot)
        elif isinstance(new, Union) and self._holds_all(new, old, self.after):
            message = "may now have other types too"
            self._note("type-widened", spot, message, way, "safe", "risky")
            self._compare_variant(old, new, way, spot)
        elif isinstance(old, Union) and self._holds_all(old, new, self.before):
            message = "may have fewer types than before"
            self._note("type-narrowed", spot, message, way, "breaking", "risky")
            self._compare_variant(old, new, way, spot)
        elif was is not None and _holds(new, was):
            message = f"was one of {len(was)} values, is any {kind_of(new)} now"
            self._note("type-widened", spot, message, way, "safe", "risky")
        elif now is not None and _holds(old, now):
            message = f"was any {kind_of(old)}, is one of {len(now)} values now"
            self._note("type-narrowed", spot, message, way, "breaking", "risky")
        else:
            was_kind, now_kind = kind_of(old), kind_of(new)
            if was_kind == now_kind:
                was_kind, now_kind = form_of(old), form_of(new)
            message = f"was {was_kind}, is {now_kind} now"
            self._note("type-changed", spot, message, way, "breaking")

    def _holds_all(self, union: Union, plain: Plain, api: Api) -> bool:
        """Whether a union of an API has a type of the other API for one of its own."""
        values = values_of(plain)
        kinds = [self._plain(variant.type, api) for variant in union.variants]
        if values is not None and any(_holds(kind, values) for kind in kinds):
            return True
        return self._variant(union, plain) is not None or plain in kinds

    def _variant(self, union: Union, plain: Plain) -> TypeExpr | None:
        """Find a type in a union of the other API: by its name, or else by its tag."""
        if not isinstance(plain, Definition):
            return None
        tag = _constant(plain, union.tag.property) if union.tag else None
        by_name = (v.type for v in union.variants if v.type == Ref(plain.id))
        by_tag = (v.type for v in union.variants if tag is not None and v.tag == tag)
        return next(chain(by_name, by_tag), None)

    def _compare_variant(self, old: Plain, new: Plain, way: Way, spot: Spot) -> None:
        if isinstance(new, Union) and isinstance(old, Definition):
            found = self._variant(new, old)
            if found is not None:
                self.compare(Ref(old.id), found, way, spot)
        elif isinstance(old, Union) and isinstance(new, Definition):
            found = self._variant(old, new)
            if found is not None:
                self.compare(found, Ref(new.id), way, spot)

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
        self._note_values(values_of(old) or {}, values_of(new) or {}, way, spot)

    def _values(self, plain: Plain, api: Api) -> Values | None:
        """Give the values that a type is limited to, also as one of several types."""
        if not isinstance(plain, Union):
            return values_of(plain)
        found: Values = {}
        for variant in plain.variants:
            values = values_of(self._plain(variant.type, api))
            if values is None:
                return None
            found |= values
        return found

    def _note_values(self, was: Values, now: Values, way: Way, spot: Spot) -> None:
        if gone := [value for value in was if value not in now]:
            message = f"can no longer be {_some(gone)}"
            self._note("value-removed", spot, message, way, "breaking", "risky")
        if added := [value for value in now if value not in was]:
            message = f"can now be {_some(added)}"
            self._note("value-added", spot, message, way, "safe", "risky")

    def _compare_unions(self, old: Union, new: Union, way: Way, spot: Spot) -> None:
        tags = [one.tag.property if one.tag else None for one in (old, new)]
        if tags[0] != tags[1]:
            before, after = (quoted(tag) if tag else "no property" for tag in tags)
            message = f"was told apart by {before}, is by {after} now"
            self._note("tag-changed", spot, message, way, "risky")
        known = tags[0] or tags[1] if None in tags else None
        was = {self._label(v, known, old, self.before): v.type for v in old.variants}
        now = {self._label(v, known, new, self.after): v.type for v in new.variants}
        if gone := [label for label in was if label not in now]:
            message = f"can no longer be {_some(gone)}"
            self._note("variant-removed", spot, message, way, "breaking", "risky")
        if added := [label for label in now if label not in was]:
            message = f"can now be {_some(added)}"
            self._note("variant-added", spot, message, way, "safe", "risky")
        for label in (label for label in was if label in now):
            inner = Spot(f"{label} of {spot.name}", spot.old, spot.new)
            self.compare(was[label], now[label], way, inner)

    def _label(self, variant: Variant, tag: str | None, of: Union, api: Api) -> str:
        """Name a variant: by its tag, the one of the other API too, or its type."""
        if variant.tag is not None:
            return quoted(variant.tag)
        plain = self._plain(variant.type, api)
        constant = _constant(plain, tag) if tag is not None else None
        if constant is not None:
            return quoted(constant)
        if isinstance(variant.type, Ref):
            return quoted(variant.type.id.removeprefix(f"{of.id}."))
        return kind_of(variant.type)

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
        message = "is new"
        if added.required:
            message += " and required" if way == "sent" else " and never absent"
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


def form_of(plain: Plain) -> str:
    """Say what a named type is, where its name tells nothing."""
    match plain:
        case Struct():
            return "an object"
        case Enum(values=values):
            return f"one of {len(values)} values"
        case Union(variants=variants):
            return f"one of {len(variants)} types"
        case _:
            return f"another {kind_of(plain)}"


def _own_name(definition: Definition) -> str:
    """Give what a type is called inside another one; "" for one of its own."""
    _, dot, name = definition.id.rpartition(".")
    return name if dot else ""


def _some(shown: list[str]) -> str:
    """List what came or went, the first of many."""
    if len(shown) <= _MOST_SHOWN + 1:
        return ", ".join(shown)
    rest = len(shown) - _MOST_SHOWN
    return f"{', '.join(shown[:_MOST_SHOWN])} or {rest} more"


def _constant(plain: Plain, name: str) -> str | None:
    """Give the one text that a field of a struct can be, null aside."""
    fields = plain.fields if isinstance(plain, Struct) else ()
    type_ = next((field.type for field in fields if field.name == name), None)
    if isinstance(type_, Nullable):
        type_ = type_.inner
    value = type_.value if isinstance(type_, Constant) else None
    return value if isinstance(value, str) else None


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
