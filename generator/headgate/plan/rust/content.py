"""The page of the content: functions that make it, methods that read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.ir.types import Struct
from headgate.plan.rust import access, layout
from headgate.plan.rust.docs import described
from headgate.plan.rust.imports import Imports
from headgate.plan.rust.members import is_parameter
from headgate.plan.rust.names import claim_snake, scope
from headgate.plan.rust.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.ir.api import Constructor, Content, MediaSource, OutputText
    from headgate.ir.types import TypeId
    from headgate.names import Scope
    from headgate.plan.rust.definitions import Definitions

_CONTENT: Final = "crate::runtime::content"


@dataclass(frozen=True, slots=True)
class FunctionPage:
    """A function: its documentation, its head and its statements."""

    docs: Code
    signature: Code
    statements: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class OutputPage:
    """The methods of an answer that read its text."""

    type: Code
    text_method: Code
    parse_method: Code
    items: Code
    pattern: Code
    text: Code


@dataclass(frozen=True, slots=True)
class ContentPage:
    """The file of the content."""

    header: Code
    imports: Code
    functions: tuple[FunctionPage, ...]
    output: OutputPage | None


@dataclass(slots=True)
class ContentFile:
    """Plans the file of the content."""

    definitions: Definitions
    header: Code
    imports: Imports = field(default_factory=Imports)
    _functions: Scope = field(default_factory=scope)

    def page(self, content: Content) -> ContentPage:
        """Plan the file."""
        functions: list[FunctionPage] = []
        for constructor in content.constructors:
            functions += self._constructor(constructor)
        output = None if content.output is None else self._output(content.output)
        return ContentPage(self.header, self.imports.lines(), tuple(functions), output)

    def _constructor(self, constructor: Constructor) -> list[FunctionPage]:
        media = constructor.media
        if media is None:
            return [self._plain(constructor)]
        pages = [self._by_url(constructor, media)] if media.url is not None else []
        return [
            *pages,
            self._by_base64(constructor, media),
            self._by_file(constructor, media),
            self._by_bytes(constructor, media),
        ]

    def _plain(self, constructor: Constructor) -> FunctionPage:
        given: dict[str, Code] = {}
        return self._function(
            constructor, "", given, self._parameters(constructor, "", given)
        )

    def _by_url(self, constructor: Constructor, media: MediaSource) -> FunctionPage:
        assert media.url is not None
        url = {media.url_field or "": fixed("url")}
        source = self._bound(media.url, url)
        given = {media.at: _SOURCE}
        own = (fixed("url: impl Into<String>"),)
        parameters = own + self._parameters(constructor, media.at, given)
        return self._function(constructor, "url", given, parameters, (source,))

    def _by_base64(self, constructor: Constructor, media: MediaSource) -> FunctionPage:
        source = self._source(media, fixed("media_type"), fixed("data"))
        given = {media.at: _SOURCE}
        own = (
            fixed("media_type: impl Into<String>"),
            fixed("data: impl Into<String>"),
        )
        parameters = own + self._parameters(constructor, media.at, given)
        return self._function(constructor, "base64", given, parameters, (source,))

    def _by_file(self, constructor: Constructor, media: MediaSource) -> FunctionPage:
        self.imports.use("std::path", "Path")
        arguments = (
            fixed('"path"'),
            fixed("path.as_ref()"),
            rust.string(media.types),
        )
        read = layout.call(4, fixed("let media = Media::file"), arguments, fixed("?;"))
        return self._read(
            constructor, media, "file", fixed("path: impl AsRef<Path>"), read
        )

    def _by_bytes(self, constructor: Constructor, media: MediaSource) -> FunctionPage:
        arguments = (
            fixed('"bytes"'),
            fixed("bytes.as_ref()"),
            rust.string(media.types),
        )
        read = layout.call(4, fixed("let media = Media::bytes"), arguments, fixed("?;"))
        return self._read(
            constructor, media, "bytes", fixed("bytes: impl AsRef<[u8]>"), read
        )

    def _read(
        self,
        constructor: Constructor,
        media: MediaSource,
        way: str,
        parameter: Code,
        read: Code,
    ) -> FunctionPage:
        self.imports.use(_CONTENT, "Media")
        self.imports.use("crate::runtime::error", "Error")
        source = self._source(media, fixed("media.media_type"), fixed("media.data"))
        given = {media.at: _SOURCE}
        parameters = (parameter, *self._parameters(constructor, media.at, given))
        statements = (read, source)
        return self._function(
            constructor, way, given, parameters, statements, fails=True
        )

    def _source(self, media: MediaSource, media_type: Code, data: Code) -> Code:
        fields = {media.media_type_field: media_type, media.data_field: data}
        return self._bound(media.base64, fields)

    def _bound(self, id_: TypeId, fields: Mapping[str, Code]) -> Code:
        """Write the statement that makes the source."""
        name, arguments, setters = self._parts(id_, fields)
        head = assembled("let source = {}::new", name)
        return layout.call(4, head, arguments, assembled("{};", setters))

    def _parameters(
        self, constructor: Constructor, own: str, given: dict[str, Code]
    ) -> tuple[Code, ...]:
        """Give the parameters for what else is required, and note their names."""
        struct = self._struct(constructor.type)
        parameters: list[Code] = []
        for member in self.definitions.members(struct):
            if is_parameter(member) and member.field.name != own:
                given[member.field.name] = member.name
                type_, _ = self.definitions.passed(
                    member, member.name, self.imports, TYPES
                )
                parameters.append(layout.parameter(member.name, type_))
        return tuple(parameters)

    def _function(
        self,
        constructor: Constructor,
        way: str,
        given: Mapping[str, Code],
        parameters: tuple[Code, ...],
        statements: tuple[Code, ...] = (),
        *,
        fails: bool = False,
    ) -> FunctionPage:
        text = f"{constructor.name}_{way}" if way else constructor.name
        name = claim_snake(self._functions, text, "content")
        made = self._made(constructor.type, given)
        types = self.definitions.types
        type_ = types.write_name(constructor.type, self.imports, TYPES)
        tail = assembled(" -> {} {{", type_)
        if fails:
            tail = assembled(" -> Result<{}, Error> {{", type_)
            made = assembled("Ok({})", made)
        result = layout.indented(4, made)
        head = assembled("pub fn {}", name)
        docs = described(constructor.docs, f"Makes `{constructor.name}`")
        return FunctionPage(
            docs=rust.doc(f"{docs}{_WAYS[way]}"),
            signature=layout.signature(0, head, parameters, tail),
            statements=(*statements, result),
        )

    def _made(self, id_: TypeId, given: Mapping[str, Code]) -> Code:
        """Write a struct with some of its fields."""
        name, arguments, setters = self._parts(id_, given)
        return assembled("{}::new({}){}", name, joined(", ", arguments), setters)

    def _parts(
        self, id_: TypeId, given: Mapping[str, Code]
    ) -> tuple[Code, list[Code], Code]:
        """Give a struct's name, what `new` takes, and the calls that set the rest."""
        struct = self._struct(id_)
        members = self.definitions.members(struct)
        arguments = [given[m.field.name] for m in members if is_parameter(m)]
        type_ = self.definitions.types.write_name(id_, self.imports, TYPES)
        setters = [
            assembled(".{}({})", setter, given[name])
            for name, setter in self.definitions.setter_names(struct).items()
            if name in given
        ]
        return type_, arguments, joined("", setters)

    def _struct(self, id_: TypeId) -> Struct:
        struct = self.definitions.types.definitions[id_]
        assert isinstance(struct, Struct)
        return struct

    def _output(self, output: OutputText) -> OutputPage:
        for name in (fixed("parse_output"),):
            self.imports.use_code(fixed(_CONTENT), name)
        self.imports.use("crate::runtime::error", "Error")
        self.imports.use("serde::de", "DeserializeOwned")
        types = self.definitions.types
        union = types.write_name(output.union, self.imports, TYPES)
        arm = self.definitions.arm(output.union, output.variant)
        items = self.definitions.member(output.type, output.items_field)
        text = self.definitions.member(output.variant, output.text_field)
        source = assembled("&self.{}", items.name)
        if access.depth(items):
            source = assembled("self.{}.iter().flatten()", items.name)
        if access.depth(items) > 1:
            source = assembled("{}.flatten()", source)
        piece = assembled("&item.{}", text.name)
        if access.depth(text):
            place = assembled("item.{}", text.name)
            pointed = access.pointed(place, access.depth(text))
            piece = assembled("{}.unwrap_or_default()", pointed)
        methods = scope(
            *self.definitions.setter_names(self._struct(output.type)).keys()
        )
        return OutputPage(
            type=types.write_name(output.type, self.imports, TYPES),
            text_method=claim_snake(methods, "output_text", "text"),
            parse_method=claim_snake(methods, "parse_output", "parse"),
            items=source,
            pattern=assembled("{}::{}(item)", union, arm.name),
            text=piece,
        )


_SOURCE: Final = fixed("source")
_WAYS: Final = {
    "": "",
    "url": "\n\nFrom its address.",
    "base64": "\n\nFrom its bytes in base64.",
    "file": (
        "\n\nFrom a file, whose media type its name tells, else its first bytes. "
        "Fails if the file cannot be read or is of another type."
    ),
    "bytes": (
        "\n\nFrom its bytes, whose media type their beginning tells. "
        "Fails if it does not."
    ),
}
