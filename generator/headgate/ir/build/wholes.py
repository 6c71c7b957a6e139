"""Events that only the names of their frames tell apart: each is a whole frame.

Such an event has the fields `event` and `data`, so that it is one of a tagged union
as the events of any other stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from headgate.ir.build.reader import Node, as_list, as_object, docs_of
from headgate.ir.build.tags import tagged
from headgate.ir.types import (
    Alias,
    Constant,
    Direction,
    Docs,
    Enum,
    Field,
    Ref,
    Scalar,
    TypeId,
    Union,
    Variant,
)
from headgate.names import split_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headgate.ir.build.schemas import SchemaReader
    from headgate.ir.streams import FrameData
    from headgate.ir.types import Definition, TypeExpr


@dataclass(frozen=True, slots=True)
class Framed:
    """A frame `{event, id, data}` and the schema of its data, None where it has none.

    `is_json`: the document says that the text of the data is JSON.
    """

    frame: Node
    data: Node | None
    is_json: bool = False

    @property
    def name(self) -> str | None:
        """The one name that such frames have, if they have one."""
        schema = as_object(as_object(self.frame.value.get("properties")).get("event"))
        values = [schema["const"]] if "const" in schema else as_list(schema.get("enum"))
        is_name = len(values) == 1 and isinstance(values[0], str)
        return values[0] if is_name else None


def have_names(frames: Sequence[Framed]) -> bool:
    """Whether each of several frames has a name of its own."""
    names = {framed.name for framed in frames}
    return len(frames) > 1 and None not in names and len(names) == len(frames)


def only_names_tell(
    frames: Sequence[Framed], types: Sequence[TypeExpr | None], schemas: SchemaReader
) -> bool:
    """Whether events differ by the names of their frames and by nothing inside."""
    if not have_names(frames):
        return False
    distinct = tuple(dict.fromkeys(each for each in types if each is not None))
    if None in types:
        return True
    known = schemas.definitions.get(distinct[0].id) if _is_lone(distinct) else None
    if not isinstance(known, Union):
        known = _union(schemas, frames[0].frame, distinct)
    return tagged(known, schemas.definitions, None).tag is None


def _is_lone(types: tuple[TypeExpr, ...]) -> TypeGuard[tuple[Ref]]:
    return len(types) == 1 and isinstance(types[0], Ref)


def _union(schemas: SchemaReader, frame: Node, types: tuple[TypeExpr, ...]) -> Union:
    """Make a union that no document has, to ask whether anything tells it apart."""
    return Union(
        id=TypeId(frame.pointer),
        words=(),
        variants=tuple(map(Variant, types)),
        tag=None,
        open=False,
        docs=Docs(),
        direction=Direction(),
        location=schemas.reader.locate(frame.pointer),
    )


def read_frames(
    frames: Sequence[Framed],
    types: Sequence[TypeExpr | None],
    schemas: SchemaReader,
    stream: str,
) -> tuple[TypeExpr, tuple[tuple[str, FrameData], ...]]:
    """Give the union of the frames, and what the data of each is written as.

    One without data is the name alone; the text that it has is empty.
    """
    variants: list[Variant] = []
    kinds: list[tuple[str, FrameData]] = []
    for framed, type_ in zip(frames, types, strict=True):
        name = framed.name or "event"
        fields = [_field(schemas, framed.frame, "event", Constant(name))]
        if framed.data is not None and type_ is not None:
            fields.append(_field(schemas, framed.data, "data", type_))
        words = (*split_words(stream), name, "event")
        variants.append(Variant(schemas.struct_of(framed.frame, tuple(fields), words)))
        is_text = type_ is None or (
            not framed.is_json and _is_text(type_, schemas.definitions)
        )
        kinds.append((name, "text" if is_text else "json"))
    node = Node({}, frames[0].frame.pointer)
    event = schemas.union_of(node, tuple(variants), (*split_words(stream), "event"))
    return event, tuple(kinds)


def _field(schemas: SchemaReader, node: Node, name: str, type_: TypeExpr) -> Field:
    docs = docs_of(node.value) if name == "data" else Docs()
    place = schemas.reader.locate(node.pointer)
    return Field(name, type_, required=True, docs=docs, location=place)


def _is_text(type_: TypeExpr, definitions: Mapping[TypeId, Definition]) -> bool:
    seen: set[TypeId] = set()
    while isinstance(type_, Ref) and type_.id not in seen:
        seen.add(type_.id)
        match definitions.get(type_.id):
            case Alias(type=inner):
                type_ = inner
            case Enum(kind=kind):
                return kind == "string"
            case _:
                return False
    if isinstance(type_, Constant):
        return isinstance(type_.value, str)
    return isinstance(type_, Scalar) and type_.kind in ("string", "binary")
