"""The modules of content: what makes its parts, and what reads an answer's text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import (
    access,
    doc_comment,
    identifier,
    indent,
    literal,
    string,
    type_key,
    value_key,
)
from headgate.ir.types import Constant, Ref, Struct
from headgate.names import Scope, camel, split_words
from headgate.plan.typescript.expressions import Types
from headgate.plan.typescript.imports import Imports
from headgate.plan.typescript.layout import (
    WIDTH,
    Entry,
    Object,
    call_lines,
    one_line,
    open_object,
)
from headgate.plan.typescript.names import RESERVED_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headgate.ir.api import Api, Constructor, MediaSource, OutputText
    from headgate.ir.types import Field, TypeId
    from headgate.plan.typescript.names import Names

CONTENT = "content"
OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class ConstructorPlan:
    """A function that makes a part of content."""

    docs: Code
    head: Code
    lines: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class ContentPage:
    """The module of constructors."""

    header: Code
    imports: tuple[Code, ...]
    constructors: tuple[ConstructorPlan, ...]


@dataclass(frozen=True, slots=True)
class OutputPage:
    """The module that reads structured output."""

    header: Code
    imports: tuple[Code, ...]
    head: Code
    lines: tuple[Code, ...]


def plan_content(api: Api, names: Names, header: Code) -> ContentPage:
    """Plan a function for each declared constructor."""
    types = Types(api, names, Imports(CONTENT), sending=True)
    scope = Scope(reserved=RESERVED_WORDS | {"readBytesOf", "readMedia"})
    constructors = tuple(
        _constructor(types, scope, each) for each in api.content.constructors
    )
    return ContentPage(header, types.imports.lines(), constructors)


def _constructor(
    types: Types, scope: Scope, constructor: Constructor
) -> ConstructorPlan:
    name = identifier(scope.claim(camel(split_words(constructor.name)), "part"))
    struct = types.api.definitions[constructor.type]
    by_name = (
        {each.name: each for each in struct.fields}
        if isinstance(struct, Struct)
        else {}
    )
    arguments = [by_name[each] for each in constructor.arguments if each in by_name]
    required = [each for each in arguments if each.required]
    optional = [each for each in arguments if not each.required]
    locals_ = Scope(reserved=RESERVED_WORDS | {"medium", "options", "parts"})
    taken = {
        each.name: identifier(locals_.claim(camel(split_words(each.name)), "value"))
        for each in required
    }
    parameters = [
        assembled("{}: {}", taken[each.name], types.write(each.type))
        for each in required
    ]
    entries = [*_constants(types, constructor.type)]
    entries += [Entry(value_key(each.name), taken[each.name]) for each in required]
    made = types.imports.type(types.names.types[constructor.type])
    docs = doc_comment(constructor.docs.text)
    if constructor.media is None:
        if optional:
            members = _members(types, optional)
            parameters.append(assembled("options: {{ {} }} = {{}}", members))
            entries.append(Entry(fixed("...options"), fixed("...options")))
        head = assembled("export function {}", name)
        line = _returned(entries, 2)
        end = assembled(": {} {{", made)
        return ConstructorPlan(docs, call_lines(head, parameters, end, 0), (line,))
    return _medium(
        types,
        constructor.media,
        _Made(name, docs, made, parameters, entries, optional),
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """What is known of a constructor apart from its medium."""

    name: Code
    docs: Code
    type: Code
    parameters: Sequence[Code]
    entries: Sequence[Entry]
    optional: Sequence[Field]


def _medium(types: Types, media: MediaSource, made: _Made) -> ConstructorPlan:
    medium = types.imports.runtime_type("media", "Media")
    options = types.imports.runtime_type("media", "MediaOptions")
    entries, lines = list(made.entries), list[Code]()
    if media.url is None:
        medium = assembled("Exclude<{}, string | URL>", medium)
    if made.optional:
        options = assembled("{} & {{ {} }}", options, _members(types, made.optional))
        lines.append(fixed("  const { mediaType: _, ...fields } = options;"))
        entries.append(Entry(fixed("...fields"), fixed("...fields")))
    parameters = [
        assembled("medium: {}", medium),
        *made.parameters,
        assembled("options: {} = {{}}", options),
    ]
    read = types.imports.runtime(
        "media", "readBytesOf" if media.url is None else "readMedia"
    )
    kinds = string(media.types)
    lines.append(
        assembled("  const parts = await {}(medium, {}, options);", read, kinds)
    )
    return ConstructorPlan(
        made.docs,
        call_lines(
            assembled("export async function {}", made.name),
            parameters,
            assembled(": Promise<{}> {{", made.type),
            0,
        ),
        (*lines, *_medium_returns(types, media, entries)),
    )


def _medium_returns(
    types: Types, media: MediaSource, entries: Sequence[Entry]
) -> tuple[Code, ...]:
    at = value_key(media.at)
    data = (
        Entry(value_key(media.data_field), fixed("parts.data")),
        Entry(value_key(media.media_type_field), fixed("parts.mediaType")),
    )
    of_bytes = (*entries, Entry(at, _source(types, media.base64, data)))
    if media.url is None or media.url_field is None:
        return (_returned(of_bytes, 2),)
    address = (Entry(value_key(media.url_field), fixed("parts.url")),)
    of_url = (*entries, Entry(at, _source(types, media.url, address)))
    return (
        fixed("  if (parts.url === undefined) {"),
        _returned(of_bytes, 4),
        fixed("  }"),
        _returned(of_url, 2),
    )


def _source(types: Types, of: TypeId, entries: Sequence[Entry]) -> Object:
    return Object((*_constants(types, of), *entries))


def _returned(entries: Sequence[Entry], depth: int) -> Code:
    line = assembled("{}return {};", indent(depth), one_line(Object(tuple(entries))))
    if len(line) <= WIDTH:
        return line
    return assembled("{}return {};", indent(depth), open_object(entries, depth))


def _members(types: Types, fields: Sequence[Field]) -> Code:
    members = [
        assembled("readonly {}?: {}", type_key(each.name), types.write(each.type))
        for each in fields
    ]
    return joined("; ", members)


def _constants(types: Types, of: TypeId) -> tuple[Entry, ...]:
    struct = types.api.definitions[of]
    if not isinstance(struct, Struct):
        return ()
    found: list[Entry] = []
    for field in struct.fields:
        resolved = types.resolve(field.type)
        if field.required and isinstance(resolved, Constant):
            found.append(Entry(value_key(field.name), literal(resolved.value)))
    return tuple(found)


def plan_output(api: Api, names: Names, output: OutputText, header: Code) -> OutputPage:
    """Plan the function that reads an answer's text as JSON and checks it."""
    types = Types(api, names, Imports(OUTPUT))
    message = types.write(Ref(output.type))
    schema = types.imports.runtime_type("output", "StandardSchema")
    parse = types.imports.runtime("output", "parseText")
    items = assembled("message{}", access(output.items_field))
    tag = assembled("item{} === {}", access(output.tag_field), string(output.tag))
    text = assembled("item{}", access(output.text_field))
    head = call_lines(
        fixed("export function parseOutput<Output>"),
        [
            assembled("message: {}", message),
            assembled("schema: {}<Output>", schema),
        ],
        fixed(": Promise<Output> {"),
        0,
    )
    lines = (
        fixed('  let text = "";'),
        assembled("  for (const item of {}) {{", items),
        assembled("    if ({}) text += {};", tag, text),
        fixed("  }"),
        assembled("  return {}(text, schema);", parse),
    )
    return OutputPage(header, types.imports.lines(), head, lines)
