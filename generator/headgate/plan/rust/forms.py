"""How bodies of forms are put together, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.ir.types import Constant, Ref, Struct
from headgate.plan.rust import layout
from headgate.plan.rust.parameters import style_of

if TYPE_CHECKING:
    from headgate.ir.operations import Body, Part
    from headgate.plan.rust.definitions import Definitions
    from headgate.plan.rust.imports import Imports
    from headgate.plan.rust.members import Member


def form_statements(
    body: Body, name: Code, definitions: Definitions, imports: Imports, *, indent: int
) -> list[Code]:
    """Write the statements that send the body called `name`, a reference."""
    if body.kind == "form":
        return [_fields(body, name, imports, indent)]
    imports.use("crate::runtime::upload", "Multipart")
    statements = [layout.indented(indent, fixed("let mut form = Multipart::new();"))]
    plain = definitions.types.resolve(body.type)
    struct = definitions.types.definitions[plain.id] if isinstance(plain, Ref) else None
    if isinstance(struct, Struct):
        for part in body.parts:
            member = definitions.find(struct, part.field)
            if member is not None:
                statements.append(_part(part, member, name, indent))
        if struct.extra is not None:
            extra = assembled("&{}.extra", name)
            head = fixed("form.properties")
            statements.append(layout.call(indent, head, (extra,), fixed(";")))
    else:
        head = fixed("form.properties")
        statements.append(layout.call(indent, head, (name,), fixed(";")))
    statements.append(layout.indented(indent, fixed("request.multipart(form);")))
    return statements


def _fields(body: Body, name: Code, imports: Imports, indent: int) -> Code:
    """Write a URL-encoded form; fields that are not named are repeated."""
    styles = [
        assembled("({}, {})", rust.string(part.field), style)
        for part in body.parts
        if (style := _style(part)) != _REPEATED
    ]
    if styles:
        imports.use("crate::runtime::request", "Style")
    listed = assembled("&[{}]", joined(", ", styles))
    line = layout.call(indent, fixed("request.form"), (name, listed), fixed(";"))
    if "\n" not in line.text:
        return line
    own = layout.list_literal(indent, fixed("let styles = "), styles, fixed(";"))
    call = layout.call(
        indent, fixed("request.form"), (name, fixed("&styles")), fixed(";")
    )
    return joined("\n", (own, call))


_REPEATED: Final = fixed("Style::Repeated")


def _style(part: Part) -> Code:
    if part.kind == "json" and part.style == "form":
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
        "text": fixed("form.text"),
        "json": fixed("form.json"),
    }
    if part.kind == "json":
        arguments.append(rust.boolean(value=part.many))
    return layout.call(indent, heads[part.kind], arguments, fixed(";"))
