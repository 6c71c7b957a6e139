"""From `x-content` to constructors, tools from functions and the text of answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.ir.api import (
    Constructor,
    Content,
    MediaSource,
    OutputText,
    ToolFunction,
    VectorList,
)
from headgate.ir.build.folds import guard_of
from headgate.ir.build.paths import PathProblem, PathReader, field_step
from headgate.ir.build.reader import (
    Node,
    Reader,
    as_list,
    as_object,
    docs_of,
    is_object,
    text_at,
)
from headgate.ir.types import Constant, Definition, ListOf, Ref, Struct, TypeId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.ir.types import Field

_PIECES = re.compile(r"([^\[\].]+)\[\]\.([^\[\].]+)")


def read_content(reader: Reader, definitions: Mapping[TypeId, Definition]) -> Content:
    """Read what the document says of making and reading content."""
    value = reader.root.value.get("x-content")
    if not is_object(value):
        return Content()
    return ContentReader(reader, definitions).content(reader.root)


@dataclass(frozen=True, slots=True)
class ContentReader:
    """Reads `x-content`; what does not fit the types is reported."""

    reader: Reader
    definitions: Mapping[TypeId, Definition]

    def content(self, root: Node) -> Content:
        """Read every entry; its shape says what it is."""
        constructors: list[Constructor] = []
        tool: ToolFunction | None = None
        output: OutputText | None = None
        vectors: VectorList | None = None
        for name, entry in root.objects("x-content"):
            try:
                if "function" in entry.value:
                    tool = self._tool(entry)
                elif "text" in entry.value:
                    output = self._output(entry)
                elif "vectors" in entry.value:
                    vectors = self._vectors(entry)
                else:
                    constructors.append(self._constructor(name, entry))
            except PathProblem as problem:
                self.reader.report("impossible-content", str(problem), entry.pointer)
        return Content(tuple(constructors), tool, output, vectors)

    def _constructor(self, name: str, entry: Node) -> Constructor:
        struct = self._schema(entry.value)
        argument = entry.value.get("argument")
        given = [argument] if argument is not None else entry.value.get("arguments")
        arguments = tuple(
            field_step(struct, str(each)).name for each in as_list(given or [])
        )
        media = entry.value.get("media")
        source = self._media(struct, as_object(media)) if media is not None else None
        held = {*arguments, *([source.at] if source else [])}
        for field in struct.fields:
            if field.required and field.name not in held and not _is_fixed(field):
                raise PathProblem(f"'{field.name}' of '{struct.id}' must be given")
        return Constructor(
            name=name,
            type=struct.id,
            arguments=arguments,
            media=source,
            docs=docs_of(entry.value),
            location=self.reader.locate(entry.pointer),
        )

    def _media(self, struct: Struct, value: Mapping[str, object]) -> MediaSource:
        base64 = self._struct(value.get("base64"))
        url = self._struct(value["url"]) if "url" in value else None
        data = str(value.get("data", "data"))
        media_type = str(value.get("media_type", "media_type"))
        address = (
            None if url is None else field_step(url, str(value.get("href", "url")))
        )
        return MediaSource(
            at=field_step(struct, str(value.get("at"))).name,
            types=str(value.get("types", "*/*")),
            base64=base64.id,
            data_field=field_step(base64, data).name,
            media_type_field=field_step(base64, media_type).name,
            url=None if url is None else url.id,
            url_field=None if address is None else address.name,
        )

    def _tool(self, entry: Node) -> ToolFunction:
        struct = self._schema(entry.value)
        fields = as_object(entry.value["function"])
        name, description, parameters = (
            field_step(struct, str(fields.get(key, key))).name
            for key in ("name", "description", "parameters")
        )
        return ToolFunction(struct.id, name, description, parameters)

    def _output(self, entry: Node) -> OutputText:
        """Read `text: content[].text`, with `by` and `tag` of the right items."""
        struct = self._schema(entry.value)
        items, text = _pieces(entry.value["text"])
        paths = PathReader(self.definitions, Ref(struct.id))
        list_ = paths.settled(field_step(struct, items).type)
        union = paths.settled(list_.item) if isinstance(list_, ListOf) else None
        by, tag = text_at(entry.value, "by"), text_at(entry.value, "tag")
        if union is None or by is None or tag is None:
            raise PathProblem(f"'{items}' is no list whose items have a tag")
        guard = guard_of(self.definitions, union, by, tag)
        if guard.narrow is None:
            raise PathProblem(f"the items of '{items}' are of one kind")
        variant = self.definitions.get(guard.narrow.variants[0])
        if not isinstance(variant, Struct):
            raise PathProblem(f"'{tag}' is no object")
        return OutputText(
            type=struct.id,
            items_field=items,
            union=guard.narrow.union,
            tag_field=by,
            tag=tag,
            variant=variant.id,
            text_field=field_step(variant, text).name,
        )

    def _vectors(self, entry: Node) -> VectorList:
        """Read `vectors: data[].embedding`, which says where an answer has them."""
        struct = self._schema(entry.value)
        items, vector = _pieces(entry.value["vectors"])
        paths = PathReader(self.definitions, Ref(struct.id))
        list_ = paths.settled(field_step(struct, items).type)
        held = paths.settled(list_.item) if isinstance(list_, ListOf) else None
        item = self.definitions.get(held.id) if isinstance(held, Ref) else None
        if not isinstance(item, Struct):
            raise PathProblem(f"'{items}' is no list of objects with fields")
        return VectorList(struct.id, items, item.id, field_step(item, vector).name)

    def _schema(self, value: Mapping[str, object]) -> Struct:
        return self._struct(value.get("schema"))

    def _struct(self, value: object) -> Struct:
        target = str(as_object(value).get("$ref", ""))
        found = self.definitions.get(TypeId(target.rpartition("/")[2]))
        if not isinstance(found, Struct):
            raise PathProblem(f"'{target}' is no object with fields")
        return found


def _pieces(value: object) -> tuple[str, str]:
    """Read `list[].field`."""
    found = _PIECES.fullmatch(str(value))
    if found is None:
        raise PathProblem(f"'{value}' is not of the form list[].field")
    return found[1], found[2]


def _is_fixed(field: Field) -> bool:
    return isinstance(field.type, Constant) or field.default is not None
