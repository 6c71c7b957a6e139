"""The types of an API, in no language's words.

A type expression says how a value is written down at one place; a definition is
a type with a name of its own. Expressions point at definitions by id, so a
recursive schema is data and never a Python cycle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NewType, TypeAlias

from headgate.document.json_values import Json as JsonValue
from headgate.errors import Location

TypeId = NewType("TypeId", str)
"""The spec's name of a schema, or a name made from the place of an unnamed one."""

LiteralValue: TypeAlias = str | int | float | bool | None
ScalarKind = Literal["string", "integer", "number", "boolean", "null", "binary"]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A JSON scalar; `format` is the spec's own word (date-time, int64, uuid …)."""

    kind: ScalarKind
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """Exactly one value (`const`, or an `enum` of one)."""

    value: LiteralValue


@dataclass(frozen=True, slots=True)
class Json:
    """Any JSON value at all."""


@dataclass(frozen=True, slots=True)
class Ref:
    """The definition called `id`."""

    id: TypeId


@dataclass(frozen=True, slots=True)
class ListOf:
    """A JSON array whose items are all of one type."""

    item: TypeExpr


@dataclass(frozen=True, slots=True)
class TupleOf:
    """A JSON array whose first items have types by their place.

    `rest` is the type of further items: None forbids them.
    """

    items: tuple[TypeExpr, ...]
    rest: TypeExpr | None


@dataclass(frozen=True, slots=True)
class MapOf:
    """A JSON object used as a map from any string to values of one type."""

    value: TypeExpr


@dataclass(frozen=True, slots=True)
class Nullable:
    """The inner type, or JSON null. Never nested, never around `Json`."""

    inner: TypeExpr


TypeExpr: TypeAlias = (
    Scalar | Constant | Json | Ref | ListOf | TupleOf | MapOf | Nullable
)


@dataclass(frozen=True, slots=True)
class Default:
    """A default the spec states; `value` is plain JSON and may be null."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class Docs:
    """What the spec says about a thing, as written (Markdown), never interpreted."""

    text: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A property: optional (may be absent) is not nullable (may be null)."""

    name: str
    type: TypeExpr
    required: bool
    docs: Docs
    location: Location
    default: Default | None = None
    read_only: bool = False
    write_only: bool = False


@dataclass(frozen=True, slots=True)
class Direction:
    """Who puts values of a definition on the wire.

    `sent` values are checked by their types and closed; `received` ones are
    open: unknown fields are kept, unknown variants and enum values survive.
    """

    sent: bool = False
    received: bool = False


@dataclass(frozen=True, slots=True)
class Struct:
    """A JSON object with known fields.

    `extra` is the type of further properties: None forbids them.
    """

    id: TypeId
    words: tuple[str, ...]
    fields: tuple[Field, ...]
    extra: TypeExpr | None
    docs: Docs
    direction: Direction
    location: Location


@dataclass(frozen=True, slots=True)
class EnumValue:
    """One value of an enum."""

    value: str | int
    docs: Docs = Docs()


@dataclass(frozen=True, slots=True)
class Enum:
    """A named set of strings or integers; `open` says that it may grow."""

    id: TypeId
    words: tuple[str, ...]
    kind: Literal["string", "integer"]
    values: tuple[EnumValue, ...]
    open: bool
    docs: Docs
    direction: Direction
    location: Location


@dataclass(frozen=True, slots=True)
class Variant:
    """One branch of a union; `tag` is the value of the tag property that picks it."""

    type: TypeExpr
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    """The property inside each variant that tells the variants apart.

    `absent` is the tag of the variant that is meant where there is no such property:
    the only one that does not require it.
    """

    property: str
    declared: bool
    absent: str | None = None


@dataclass(frozen=True, slots=True)
class Union:
    """One of several types; without a `tag` the first variant that fits is meant.

    `open` asks for an unknown arm that keeps the raw value; unions of received
    values always have it.
    """

    id: TypeId
    words: tuple[str, ...]
    variants: tuple[Variant, ...]
    tag: Tag | None
    open: bool
    docs: Docs
    direction: Direction
    location: Location


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name for a type expression (a named list, map, scalar or reference)."""

    id: TypeId
    words: tuple[str, ...]
    type: TypeExpr
    docs: Docs
    direction: Direction
    location: Location


Definition: TypeAlias = Struct | Enum | Union | Alias
"""`words` of a definition name it: the spec's name, or the path that led to it."""
