"""`content.py`: constructors, tools from functions, and the text of answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.python import docstring, literal, string
from headgate.ir.types import Constant, Nullable, Struct
from headgate.names import Scope
from headgate.plan.python.context import Context, name
from headgate.plan.python.imports import Imports
from headgate.plan.python.layout import lines, listed, optional, parameter_line
from headgate.plan.python.names import KEYWORDS, SHADOWED, attribute

if TYPE_CHECKING:
    from headgate.ir.api import Constructor, MediaSource, OutputText, ToolFunction
    from headgate.ir.types import Field, TypeId

_MEDIA = "._runtime.media"
FUNCTIONS = ("tool_definition", "output_text", "parse_output")
"""What the module gives beside its constructors."""


@dataclass(frozen=True, slots=True)
class FunctionPage:
    """A function: its parameters, its docstring, its statements."""

    name: Code
    parameters: tuple[Code, ...]
    returns: Code
    docs: Code
    body: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class ContentPage:
    """The module of everything that `x-content` declares."""

    header: Code
    imports: tuple[tuple[Code, ...], ...]
    variables: tuple[Code, ...]
    functions: tuple[FunctionPage, ...]


def content_functions(context: Context) -> list[str]:
    """Say which of the module's fixed functions there are."""
    content = context.api.content
    has_output = content.output is not None
    present = (content.tool is not None, has_output, has_output)
    return [each for each, there in zip(FUNCTIONS, present, strict=True) if there]


def content_page(context: Context) -> ContentPage:
    """Plan the module."""
    return ContentPlan(context).page()


class ContentPlan:
    """Plans the functions, whose imports it collects."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._imports = Imports()
        self._writer = context.writer(self._imports, package=".")
        self._scope = Scope(KEYWORDS | SHADOWED | _IMPORTED | {*FUNCTIONS})

    def page(self) -> ContentPage:
        """Plan everything, the imports last."""
        content = self._context.api.content
        functions: list[FunctionPage] = []
        for constructor in content.constructors:
            functions += self._constructor(constructor)
        if content.tool is not None:
            functions.append(self._tool(content.tool))
        variables: tuple[Code, ...] = ()
        if content.output is not None:
            type_variable = self._imports.use("typing", "TypeVar")
            variables = (assembled("T = {}({})", type_variable, string("T")),)
            functions += self._output(content.output)
        return ContentPage(
            header=self._context.header,
            imports=self._imports.groups(),
            variables=variables,
            functions=tuple(functions),
        )

    def _struct(self, id_: TypeId) -> Struct:
        definition = self._context.api.definitions[id_]
        if isinstance(definition, Struct):
            return definition
        raise AssertionError("content is made of structs")

    def _class(self, id_: TypeId) -> Code:
        return self._writer.named(self._struct(id_), "sent").text

    # The constructors.

    def _constructor(self, constructor: Constructor) -> list[FunctionPage]:
        struct = self._struct(constructor.type)
        own = self._scope.claim(attribute(constructor.name), "content").text
        scope = Scope(KEYWORDS | {"made", "media_type", "source"})
        fields = {field.name: field for field in struct.fields}
        names = {
            each: scope.claim(attribute(each), "argument").text
            for each in constructor.arguments
        }
        given = {each: name(names[each]) for each in names if fields[each].required}
        rest = {each: name(names[each]) for each in names if each not in given}
        parameters = [self._parameter(fields[each], names[each]) for each in names]
        found: list[FunctionPage] = []
        if constructor.media is not None:
            source = self._source(constructor.media, own)
            found.append(source)
            parameters = [
                self._source_parameter(constructor.media),
                *([fixed("*,")]),
                fixed("media_type: str | None = None,"),
                *parameters,
            ]
            call = assembled("{}(source, media_type)", source.name)
            given[constructor.media.at] = call
        kind = self._class(constructor.type)
        body = [_dict(assembled("made: {} = ", kind), self._items(struct, given))]
        for each, argument in rest.items():
            body.append(assembled("if {} is not None:", argument))
            body.append(assembled("    made[{}] = {}", string(each), argument))
        body.append(fixed("return made"))
        text = constructor.docs.text or f"Make a `{constructor.type}`."
        docs = [text] if constructor.media is None else [text, _SOURCE_DOCS]
        found.append(
            FunctionPage(
                name(own), tuple(parameters), kind, docstring(docs, 4), tuple(body)
            )
        )
        return found

    def _parameter(self, field: Field, own: str) -> Code:
        expr = self._writer.expr(field.type, "sent")
        start = assembled("{}: ", name(own))
        if field.required:
            return parameter_line(start, expr, 4)
        return parameter_line(start, optional(expr), 4, " = None,")

    def _items(self, struct: Struct, given: dict[str, Code]) -> list[Code]:
        """Write a struct's constants and what is given, in the struct's order."""
        found: list[Code] = []
        for field in struct.fields:
            if field.name in given:
                value = given[field.name]
            elif field.required and isinstance(field.type, Constant):
                value = literal(field.type.value)
            else:
                continue
            found.append(assembled("{}: {}", string(field.name), value))
        return found

    def _source_parameter(self, media: MediaSource) -> Code:
        path = self._imports.use("pathlib", "Path")
        if media.url is None:
            return assembled("source: {} | bytes,", path)
        return assembled("source: str | {} | bytes,", path)

    def _source(self, media: MediaSource, own: str) -> FunctionPage:
        """Plan the private function that makes the source of a medium."""
        encoded = self._imports.use(_MEDIA, "encoded")
        held = self._class(media.base64)
        returns = held
        body: list[Code] = []
        if media.url is not None and media.url_field is not None:
            kind = self._class(media.url)
            returns = assembled("{} | {}", kind, held)
            check = self._imports.use(_MEDIA, "is_address")
            items = self._items(
                self._struct(media.url), {media.url_field: fixed("source")}
            )
            body.append(assembled("if {}(source):", check))
            start = assembled("    address: {} = ", kind)
            body.append(_dict(start, items, indent=8))
            body.append(fixed("    return address"))
        kinds = string(media.types)
        body.append(
            assembled("data, found = {}(source, media_type, {})", encoded, kinds)
        )
        given = {
            media.data_field: fixed("data"),
            media.media_type_field: fixed("found"),
        }
        items = self._items(self._struct(media.base64), given)
        body.append(_dict(assembled("held: {} = ", held), items))
        body.append(fixed("return held"))
        parameters = (
            self._source_parameter(media),
            fixed("media_type: str | None,"),
        )
        text = docstring(["Say where it comes from: an address, or its bytes."], 4)
        if media.url is None:
            text = docstring(["Give its bytes."], 4)
        return FunctionPage(
            name(f"_{own}_source"), parameters, returns, text, tuple(body)
        )

    # Tools and output.

    def _tool(self, tool: ToolFunction) -> FunctionPage:
        called = self._imports.use("collections.abc", "Callable")
        anything = self._imports.use("typing", "Any")
        described = self._imports.use("._runtime.functions", "described")
        given = {
            tool.name_field: fixed("found.name"),
            tool.description_field: fixed("found.description"),
            tool.parameters_field: fixed("found.parameters"),
        }
        kind = self._class(tool.type)
        items = self._items(self._struct(tool.type), given)
        return FunctionPage(
            name("tool_definition"),
            (assembled("function: {}[..., {}],", called, anything),),
            kind,
            docstring([_TOOL_DOCS, _TOOL_MORE], 4),
            (
                assembled("found = {}(function)", described),
                _dict(assembled("made: {} = ", kind), items),
                fixed("return made"),
            ),
        )

    def _output(self, output: OutputText) -> list[FunctionPage]:
        struct = self._struct(output.type)
        kind = self._writer.named(struct, "received").text
        variant = self._writer.named(self._struct(output.variant), "received").text
        attributes = self._context.attributes
        text = name(attributes[output.variant, output.text_field])
        items = assembled(
            "answer.{}", name(attributes[output.type, output.items_field])
        )
        field = next(each for each in struct.fields if each.name == output.items_field)
        if not field.required or isinstance(field.type, Nullable):
            items = assembled("{} or ()", items)
        parsed = self._imports.use("._runtime.structured", "parsed_text")
        return [
            FunctionPage(
                name("output_text"),
                (assembled("answer: {},", kind),),
                fixed("str"),
                docstring(["Give the text of an answer, its pieces put together."], 4),
                (
                    fixed("texts: list[str] = []"),
                    assembled("for piece in {}:", items),
                    assembled("    if isinstance(piece, {}):", variant),
                    assembled("        texts.append(piece.{})", text),
                    fixed('return "".join(texts)'),
                ),
            ),
            FunctionPage(
                name("parse_output"),
                (assembled("answer: {},", kind), fixed("form: type[T],")),
                fixed("T"),
                docstring([_PARSE_DOCS, _PARSE_MORE], 4),
                (assembled("return {}(output_text(answer), form, answer)", parsed),),
            ),
        ]


_IMPORTED = frozenset({"described", "encoded", "is_address", "parsed_text"})
_SOURCE_DOCS = (
    "A media type that is not given is guessed from the file's suffix, "
    "then from its first bytes."
)
_TOOL_DOCS = "Describe a function as a tool: by its name, docstring and signature."
_TOOL_MORE = (
    "A parameter's own description comes from `Annotated[…, Field(description=…)]`."
)
_PARSE_DOCS = "Read the text of an answer, which is JSON, as a type."
_PARSE_MORE = (
    "A code fence around the JSON is taken off. Raises `ResponseDecodeError` with the "
    "text if it is not of that type."
)


def _dict(start: Code, items: list[Code], *, indent: int = 4) -> Code:
    """Write `start{items}`; what does not fit has an item a line."""
    opened = assembled("{}{}", start, fixed("{"))
    written = listed(opened, items, "}", indent=4)
    if "\n" not in written.text:
        return written
    inner = [assembled("{}{},", fixed(" " * (indent + 4)), item) for item in items]
    foot = assembled("{}{}", fixed(" " * indent), fixed("}"))
    return lines([opened, *inner, foot])
