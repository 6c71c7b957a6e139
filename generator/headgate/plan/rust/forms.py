"""How bodies of forms are put together, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.ir.types import Constant, Ref, Struct
from headgate.plan.rust import layout
from headgate.plan.rust.parameters import style_of

if TYPE_CHECKING:
    from headgate.ir.operations import Body, BodyFlag, Part
    from headgate.plan.rust.definitions import Definitions
    from headgate.plan.rust.imports import Imports
    from headgate.plan.rust.members import Member


def form_statements(
    body: Body,
    name: Code,
    definitions: Definitions,
    imports: Imports,
    asked: BodyFlag | None,
) -> list[Code]:
    """Write the statements that send the body called `name`.

    `asked` is the field that the method itself sets, whatever the body says.
    """
    if body.kind == "form" and asked is not None:
        return [_fields(body, assembled("&{}", name), imports, 8, asked)]
    indent = 8 if body.required else 12
    bind, closing = assembled("        let body = &{};", name), []
    if not body.required:
        bind = assembled("        if let Some(body) = &{} {{", name)
        closing = [fixed("        }")]
    if body.kind == "form":
        return [bind, _fields(body, fixed("body"), imports, indent), *closing]
    imports.use("crate::runtime::upload", "Multipart")
    parts = _parts(body, definitions, indent, asked)
    if asked is None:
        begin, end = _around(indent)
        return [bind, begin, *parts, end, *closing]
    begin, end = _around(8)
    arguments = (rust.string(asked.property), _written(asked), fixed("None"))
    own = layout.call(8, fixed("form.text"), arguments, fixed(";"))
    if not parts:
        return [begin, own, assembled("        drop({});", name), end]
    return [begin, own, bind, *parts, *closing, end]


def _around(indent: int) -> tuple[Code, Code]:
    """Write the beginning and the end of a body of parts."""
    begin = fixed("let mut form = Multipart::new();")
    end = fixed("request.multipart(form);")
    return layout.indented(indent, begin), layout.indented(indent, end)


def _written(asked: BodyFlag) -> Code:
    """Write the value of a form's field."""
    value = asked.value
    return rust.string(str(value).lower() if isinstance(value, bool) else str(value))


def _parts(
    body: Body, definitions: Definitions, indent: int, asked: BodyFlag | None
) -> list[Code]:
    name = fixed("body")
    statements: list[Code] = []
    plain = definitions.types.resolve(body.type)
    struct = definitions.types.definitions[plain.id] if isinstance(plain, Ref) else None
    if isinstance(struct, Struct):
        for part in body.parts:
            member = definitions.find(struct, part.field)
            if member is not None and not (asked and asked.property == part.field):
                statements.append(_part(part, member, name, indent))
        if struct.extra is not None:
            extra = assembled("&{}.extra", name)
            head = fixed("form.properties")
            statements.append(layout.call(indent, head, (extra,), fixed(";")))
    else:
        head = fixed("form.properties")
        statements.append(layout.call(indent, head, (name,), fixed(";")))
    return statements


def _fields(
    body: Body, name: Code, imports: Imports, indent: int, asked: BodyFlag | None = None
) -> Code:
    """Write a URL-encoded form; fields that are not named are repeated."""
    head = fixed("request.form")
    further: tuple[Code, ...] = ()
    if asked is not None:
        head = fixed("request.form_with")
        pair = assembled("({}, {})", rust.string(asked.property), _written(asked))
        further = (assembled("&[{}]", pair),)
    styles = [
        assembled("({}, {})", rust.string(part.field), style)
        for part in body.parts
        if (style := _style(part)) != _REPEATED
    ]
    if styles:
        imports.use("crate::runtime::request", "Style")
    listed = assembled("&[{}]", joined(", ", styles))
    line = layout.call(indent, head, (name, listed, *further), fixed(";"))
    if "\n" not in line.text:
        return line
    own = layout.list_literal(indent, fixed("let styles = "), styles, fixed(";"))
    arguments = (name, fixed("&styles"), *further)
    call = layout.call(indent, head, arguments, fixed(";"))
    return joined("\n", (own, call))


_REPEATED: Final = fixed("Style::Repeated")


def _style(part: Part) -> Code:
    if part.kind == "json":
        return fixed("Style::Json")
    return style_of(part.style, explode=part.explode)


def _part(part: Part, member: Member, body: Code, indent: int) -> Code:
    wire = rust.string(part.field)
    value = assembled("&{}.{}", body, member.name)
    if member.constant and isinstance(member.type, Constant):
        value = rust.string(str(member.type.value))
    arguments = [wire, value, rust.option(part.content_type)]
    heads = {
        "file": fixed("form.files"),
        "any": fixed("form.files"),
        "text": fixed("form.text"),
        "json": fixed("form.json"),
    }
    if part.kind == "json":
        arguments.append(rust.boolean(value=part.many))
    return layout.call(indent, heads[part.kind], arguments, fixed(";"))
