"""The modules of a package's types: models, typed dicts, literals and unions."""

from __future__ import annotations

import keyword
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.python import docstring, identifier, literal, string
from headgate.ir.types import Alias, Enum, Ref, Struct, Union
from headgate.names import Name, Scope
from headgate.plan.python.layout import (
    Atom,
    Expr,
    Subscript,
    alternatives,
    annotated_line,
    fits,
    flat,
    inside,
    lines,
    margin,
    optional,
)
from headgate.plan.python.names import KEYWORDS, MODEL_ATTRIBUTES, attribute
from headgate.plan.python.types import Side, Writer, mentioned

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.ir.types import Definition, Docs, Field, TypeId

TYPES_IN_USE = frozenset(
    {"str", "int", "float", "bool", "bytes", "list", "dict", "date", "datetime"}
)


@dataclass(frozen=True, slots=True)
class FieldPage:
    """A field of a class with its docstring."""

    declaration: Code
    docs: Code


@dataclass(frozen=True, slots=True)
class Item:
    """A class, or a statement with the docstring that follows it."""

    head: Code
    docs: Code
    fields: tuple[FieldPage, ...]
    is_class: bool
    is_bare: bool
    follows_imports: bool = False


@dataclass(frozen=True, slots=True)
class TypesPage:
    """A module of types."""

    header: Code
    docs: Code
    imports: tuple[tuple[Code, ...], ...]
    items: tuple[Item, ...]
    late: tuple[Code, ...]


def types_page(
    definitions: Iterable[Definition],
    writer: Writer,
    *,
    header: Code,
    title: str,
    left_out: frozenset[tuple[TypeId, str]],
) -> TypesPage:
    """Plan a module; `left_out` names properties that the SDK itself sets."""
    items = tuple(
        item
        for definition in in_order_of_use(definitions)
        for item in _items(definition, writer, left_out)
    )
    if items and not items[0].is_class and writer.imports.groups():
        items = (replace(items[0], follows_imports=True), *items[1:])
    return TypesPage(
        header=header,
        docs=docstring([title], 0),
        imports=writer.imports.groups(),
        items=items,
        late=writer.imports.late(),
    )


def in_order_of_use(definitions: Iterable[Definition]) -> list[Definition]:
    """Put what is evaluated on import behind what it mentions, else keep the order."""
    waiting = {definition.id: definition for definition in definitions}
    ordered: dict[TypeId, Definition] = {}

    def place(definition: Definition, above: frozenset[TypeId]) -> None:
        if definition.id in ordered or definition.id in above:
            return
        for id_ in mentioned(definition):
            if id_ in waiting:
                place(waiting[id_], above | {definition.id})
        ordered.setdefault(definition.id, definition)

    for definition in waiting.values():
        place(definition, frozenset())
    return list(ordered.values())


def _items(
    definition: Definition, writer: Writer, left_out: frozenset[tuple[TypeId, str]]
) -> list[Item]:
    if isinstance(definition, Enum):
        return [_enum(definition, writer)]
    return [_item(definition, side, writer, left_out) for side in sides_of(definition)]


def sides_of(definition: Definition) -> tuple[Side, ...]:
    """Give the forms that a definition needs; one that nobody uses is received."""
    direction = definition.direction
    if not direction.sent:
        return ("received",)
    return ("received", "sent") if direction.received else ("sent",)


def _item(
    definition: Struct | Union | Alias,
    side: Side,
    writer: Writer,
    left_out: frozenset[tuple[TypeId, str]],
) -> Item:
    match definition:
        case Struct() if side == "received":
            return _model(definition, writer)
        case Struct():
            return _typed_dict(definition, writer, left_out)
        case Union():
            return _union(definition, side, writer)
        case Alias():
            if side == "received":
                return _recursive(definition, writer)
            return _text(definition, writer.expr(definition.type, side), writer)
        case _:
            assert_never(definition)


def _statement(text: Code, docs: Docs) -> Item:
    return Item(
        head=text,
        docs=docstring([docs.text], 0),
        fields=(),
        is_class=False,
        is_bare=False,
    )


def _class(head: Code, docs: Docs, fields: tuple[FieldPage, ...]) -> Item:
    text = docstring([docs.text, "Deprecated." if docs.deprecated else ""], 4)
    return Item(
        head=head,
        docs=text,
        fields=fields,
        is_class=True,
        is_bare=not text and not fields,
    )


def _enum(enum: Enum, writer: Writer) -> Item:
    values = tuple(Atom(literal(each.value)) for each in enum.values)
    head = writer.imports.use("typing", "Literal")
    name = writer.named(enum, "received")
    return _alias(name, Subscript(head, values), writer, enum.docs)


def _alias(name: Atom, expr: Expr, writer: Writer, docs: Docs) -> Item:
    kind = writer.imports.use("typing", "TypeAlias")
    start = assembled("{}: {} = ", name.text, kind)
    return _statement(annotated_line(start, expr, 0), docs)


def _union(union: Union, side: Side, writer: Writer) -> Item:
    options = [writer.expr(variant.type, side) for variant in union.variants]
    if side == "sent" and writer.is_recursive(Ref(union.id)):
        return _text(union, alternatives(*options), writer)
    if union.id in writer.recursive:
        late = [writer.is_recursive(variant.type) for variant in union.variants]
    else:
        late = [writer.is_late(variant.type) for variant in union.variants]
    if any(late):
        return _late_union(union, options, late, side, writer)
    if side == "sent":
        expr = alternatives(*options)
        return _alias(writer.named(union, side), expr, writer, union.docs)
    expr = alternatives(*options, _unknown(writer))
    head = assembled(
        "{}: {} = {}[",
        writer.named(union, side).text,
        writer.imports.use("typing", "TypeAlias"),
        writer.imports.use("typing", "Annotated"),
    )
    return _statement(
        lines([head, *_marked(union, expr, options, writer, 4), fixed("]")]),
        union.docs,
    )


def _unknown(writer: Writer) -> Atom:
    return Atom(writer.imports.use(f"{writer.package}_runtime.models", "Unknown"))


def _late_union(
    union: Union, options: list[Expr], late: list[bool], side: Side, writer: Writer
) -> Item:
    """Write a union of types that are there only later: their names are quoted."""
    quoted: list[Expr] = [
        Atom(string(flat(option).text)) if is_late else option
        for option, is_late in zip(options, late, strict=True)
    ]
    kind = writer.imports.use("typing_extensions", "TypeAliasType")
    name = writer.named(union, side).text
    either = writer.imports.use("typing", "Union")
    head = [assembled("{} = {}(", name, kind), assembled("    {},", string(name.text))]
    if side == "sent":
        expr = Subscript(either, tuple(dict.fromkeys(quoted)))
        return _statement(lines([*head, *inside(expr, 4, ","), fixed(")")]), union.docs)
    expr = Subscript(either, tuple(dict.fromkeys([*quoted, _unknown(writer)])))
    annotated = writer.imports.use("typing", "Annotated")
    body = _marked(union, expr, quoted, writer, 8)
    start, end = assembled("    {}[", annotated), fixed("    ],")
    return _statement(lines([*head, start, *body, end, fixed(")")]), union.docs)


def _marked(
    union: Union, expr: Expr, options: list[Expr], writer: Writer, indent: int
) -> list[Code]:
    """Write a received union and the mark that says how its arm is found."""
    blanks = fixed(margin(indent))
    mark = [assembled("{}{}", blanks, line) for line in _mark(union, options, writer)]
    return [*inside(expr, indent, ","), *mark]


def _mark(union: Union, options: list[Expr], writer: Writer) -> list[Code]:
    tags = [variant.tag for variant in union.variants]
    home = f"{writer.package}_runtime.models"
    if union.tag is None or None in tags:
        return [assembled("{}(),", writer.imports.use(home, "Untagged"))]
    arms = [
        assembled("        {}: {},", string(tag), flat(option))
        for tag, option in zip(tags, options, strict=True)
        if tag is not None
    ]
    absent = [
        assembled("    absent={},", flat(option))
        for tag, option in zip(tags, options, strict=True)
        if tag == union.tag.absent
    ]
    return [
        assembled("{}(", writer.imports.use(home, "Tagged")),
        assembled("    {},", string(union.tag.property)),
        fixed("    {"),
        *arms,
        fixed("    },"),
        *absent,
        fixed("),"),
    ]


def _text(definition: Union | Alias, expr: Expr, writer: Writer) -> Item:
    """Write a name for what is sent as text, which nothing evaluates on import.

    Pyright takes a `TypeAliasType` that mentions itself for a variable where a typed
    dict of another module has it.
    """
    text = Atom(string(flat(expr).text))
    return _alias(writer.named(definition, "sent"), text, writer, definition.docs)


def _recursive(alias: Alias, writer: Writer) -> Item:
    """Write a name whose own expression mentions it: as text, evaluated later."""
    kind = writer.imports.use("typing_extensions", "TypeAliasType")
    name = writer.named(alias, "received")
    head = assembled("{} = {}(", name.text, kind)
    body = [
        assembled("    {},", string(name.text.text)),
        assembled("    {},", string(flat(writer.expr(alias.type, "received")).text)),
    ]
    return _statement(lines([head, *body, fixed(")")]), alias.docs)


def _model(struct: Struct, writer: Writer) -> Item:
    base = writer.imports.use(f"{writer.package}_runtime.models", "ApiModel")
    name = writer.named(struct, "received").text
    fields = tuple(
        _model_field(field, attribute_, writer)
        for field, attribute_ in model_attributes(struct)
        if not field.write_only
    )
    return _class(assembled("class {}({}):", name, base), struct.docs, fields)


def model_attributes(struct: Struct) -> list[tuple[Field, str]]:
    """Give the attribute of a model for each field of its struct.

    A field whose own name will do has it before another is changed to it.
    """
    scope = Scope(KEYWORDS | MODEL_ATTRIBUTES | TYPES_IN_USE)
    wanted = {field.name: attribute(field.name) for field in struct.fields}
    own_first = sorted(wanted, key=lambda name: wanted[name] != name)
    names = {name: scope.claim(wanted[name], "field").text for name in own_first}
    return [(field, names[field.name]) for field in struct.fields]


def _model_field(field: Field, name: str, writer: Writer) -> FieldPage:
    expr = writer.expr(field.type, "received")
    expr = expr if field.required else optional(expr)
    start = assembled("{}: ", identifier(Name(name)))
    if name == field.name:
        text = annotated_line(start, expr, 4, "" if field.required else " = None")
        return FieldPage(text, _field_docs(field))
    return FieldPage(_aliased(start, expr, field, writer), _field_docs(field))


def _aliased(start: Code, expr: Expr, field: Field, writer: Writer) -> Code:
    """Write a field whose name on the wire is another one."""
    call = writer.imports.use("pydantic", "Field")
    wire = string(field.name)
    one = assembled(
        "{}{} = {}({}alias={})",
        start,
        flat(expr),
        call,
        fixed("" if field.required else "default=None, "),
        wire,
    )
    if fits(4, one):
        return one
    head = assembled("{}{}[", start, writer.imports.use("typing", "Annotated"))
    mark = assembled("        {}(alias={}),", call, wire)
    marks = [mark] if fits(0, mark) else _broken_mark(call, wire)
    foot = fixed("    ]" if field.required else "    ] = None")
    return lines([head, *inside(expr, 8, ","), *marks, foot])


def _broken_mark(call: Code, wire: Code) -> list[Code]:
    return [
        assembled("        {}(", call),
        assembled("            alias={},", wire),
        fixed("        ),"),
    ]


def _field_docs(field: Field) -> Code:
    deprecated = "Deprecated." if field.docs.deprecated else ""
    return docstring([field.docs.text, deprecated], 4)


def _typed_dict(
    struct: Struct, writer: Writer, left_out: frozenset[tuple[TypeId, str]]
) -> Item:
    fields = [
        field
        for field in struct.fields
        if not field.read_only and (struct.id, field.name) not in left_out
    ]
    base = writer.imports.use("typing", "TypedDict")
    name = writer.named(struct, "sent").text
    if not all(is_plain_key(field.name) for field in fields):
        return _functional_dict(name, base, fields, struct, writer)
    pages = tuple(_key(field, writer) for field in fields)
    return _class(assembled("class {}({}):", name, base), struct.docs, pages)


def is_plain_key(name: str) -> bool:
    """Say whether a key can be written as a class attribute and as an argument."""
    return (
        name.isascii()
        and name.isidentifier()
        and not keyword.iskeyword(name)
        and not name.startswith("__")
    )


def _key(field: Field, writer: Writer) -> FieldPage:
    start = assembled("{}: ", identifier(Name(field.name)))
    text = annotated_line(start, _key_type(field, writer), 4)
    return FieldPage(text, _key_docs(field))


def _key_docs(field: Field) -> Code:
    shown = _shown_default(field)
    deprecated = "Deprecated." if field.docs.deprecated else ""
    return docstring([field.docs.text, shown, deprecated], 4)


def _shown_default(field: Field) -> str:
    """Say what the server assumes, where that is short enough to say."""
    if field.default is None or isinstance(field.default.value, list | dict):
        return ""
    text = literal(field.default.value).text
    return f"Default: `{text}`." if len(text) < 60 and "`" not in text else ""


def _key_type(field: Field, writer: Writer) -> Expr:
    expr = writer.expr(field.type, "sent")
    if field.required:
        return expr
    return Subscript(writer.imports.use("typing", "NotRequired"), (expr,))


def _functional_dict(
    name: Code, base: Code, fields: list[Field], struct: Struct, writer: Writer
) -> Item:
    """Write a typed dict whose keys are no identifiers, its types as text."""
    entries = [
        assembled(
            "        {}: {},",
            string(field.name),
            string(flat(_key_type(field, writer)).text),
        )
        for field in fields
    ]
    text = lines(
        [
            assembled("{} = {}(", name, base),
            assembled("    {},", string(name.text)),
            fixed("    {"),
            *entries,
            fixed("    },"),
            fixed(")"),
        ]
    )
    return _statement(text, struct.docs)
