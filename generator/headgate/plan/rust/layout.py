"""Layout: Rust text as rustfmt 1.9 with its defaults would write it.

Only what the planner emits is covered: flat statements whose one question is
whether they fit. Code is ASCII here, so a length is a width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.encoding.code import Code, after, assembled, fixed, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import LiteralString

WIDTH: Final = 100
_CALL_WIDTH: Final = 60
_USE_WIDTH: Final = WIDTH - 2
_ATTRIBUTE_WIDTH: Final = 70
_STRUCT_WIDTH: Final = 18
_TINY: Final = 10

EMPTY: Final = fixed("")


def spaces(indent: int) -> LiteralString:
    """Give the blanks before a line."""
    return " " * indent


def indented(indent: int, code: Code) -> Code:
    """Put blanks before one line."""
    return after(spaces(indent), code)


def block(indent: int, items: Iterable[Code]) -> Code:
    """Write one item a line, each with a comma."""
    lines = [assembled("{},", indented(indent, item)) for item in items]
    return joined("\n", lines)


def attribute(indent: int, name: LiteralString, items: Sequence[Code]) -> Code:
    """Write `#[name(items)]` with its indentation."""
    content = joined(", ", items)
    pad = spaces(indent)
    opening, closing = fixed(pad + "#[" + name + "("), fixed(")]")
    line = joined("", (opening, content, closing))
    narrow = len(items) == 1 or len(content) <= _ATTRIBUTE_WIDTH
    if narrow and len(line) <= WIDTH:
        return line
    inner = joined(",\n", [indented(indent + 4, item) for item in items])
    opening, closing = fixed(pad + "#[" + name + "(\n"), fixed("\n" + pad + ")]")
    return joined("", (opening, inner, closing))


def call(indent: int, head: Code, arguments: Sequence[Code], tail: Code) -> Code:
    """Write the statement `head(arguments)tail`."""
    content = joined(", ", arguments)
    line = joined("", (indented(indent, head), fixed("("), content, fixed(")"), tail))
    if len(content) <= _CALL_WIDTH and len(line) <= WIDTH:
        return line
    return joined(
        "",
        (
            indented(indent, head),
            fixed("(\n"),
            block(indent + 4, arguments),
            fixed("\n" + spaces(indent) + ")"),
            tail,
        ),
    )


def parameter(name: Code, type_: Code) -> Code:
    """Write a parameter of a method, broken inside its type if it is too wide."""
    line = assembled("{}: {}", name, type_)
    if len(line) + 9 > WIDTH and "<" in type_.text:
        return assembled("{}: {}", name, rust.broken_type(type_, 8, WIDTH))
    return line


def member(indent: int, head: Code, value: Code) -> Code:
    """Write `head: value` in a struct literal, as far as its comma."""
    line = assembled("{}: {}", head, value)
    if indent + len(line) + 1 <= WIDTH:
        return line
    return joined("", (head, fixed(":\n" + spaces(indent + 4)), value))


def converted_member(indent: int, name: Code) -> Code:
    """Write `name: name.into()` in a struct literal, as far as its comma."""
    value = assembled("{}.into()", name)
    line = assembled("{}: {}", name, name)
    if indent + len(line) > WIDTH or indent + len(line) + 8 <= WIDTH:
        return member(indent, name, value)
    return joined("", (line, fixed("\n" + spaces(indent + 4) + ".into()")))


def boxed_member(indent: int, head: Code, value: Code) -> Code:
    """Write `head: Box::new(value)` in a struct literal, as far as its comma."""
    line = assembled("{}: Box::new({})", head, value)
    if indent + len(line) + 1 <= WIDTH:
        return line
    pad, inner = fixed(spaces(indent)), fixed(spaces(indent + 4))
    return assembled("{}: Box::new(\n{}{},\n{})", head, inner, value, pad)


def signature(indent: int, head: Code, parameters: Sequence[Code], tail: Code) -> Code:
    """Write `head(parameters)tail`, the tail up to the opening brace."""
    content = joined(", ", parameters)
    line = joined("", (indented(indent, head), fixed("("), content, fixed(")"), tail))
    if len(line) <= WIDTH and "\n" not in line.text:
        return line
    return joined(
        "",
        (
            indented(indent, head),
            fixed("(\n"),
            block(indent + 4, parameters),
            fixed("\n" + spaces(indent) + ")"),
            tail,
        ),
    )


def struct_literal(indent: int, head: Code, fields: Sequence[Code], tail: Code) -> Code:
    """Write `head { fields }tail`: on one line only if it is tiny."""
    content = joined(", ", fields)
    if fields and len(content) <= _STRUCT_WIDTH:
        parts = (indented(indent, head), fixed(" { "), content, fixed(" }"), tail)
        return joined("", parts)
    if not fields:
        return joined("", (indented(indent, head), fixed(" {}"), tail))
    return joined(
        "",
        (
            indented(indent, head),
            fixed(" {\n"),
            block(indent + 4, fields),
            fixed("\n" + spaces(indent) + "}"),
            tail,
        ),
    )


def field(indent: int, head: Code, type_: Code) -> Code:
    """Write a struct's field `head: type,`."""
    line = assembled("{}: {},", indented(indent, head), type_)
    if len(line) <= WIDTH:
        return line
    own = assembled("{},", indented(indent + 4, type_))
    return assembled("{}:\n{}", indented(indent, head), own)


def alias(name: Code, type_: Code) -> Code:
    """Write a type alias."""
    line = assembled("pub type {} = {};", name, type_)
    if len(line) <= WIDTH:
        return line
    return assembled("pub type {} =\n    {};", name, type_)


def newtype(name: Code, type_: Code) -> Code:
    """Write a struct around one value."""
    line = assembled("pub struct {}(pub {});", name, type_)
    if len(line) <= WIDTH:
        return line
    return assembled("pub struct {}(\n    pub {},\n);", name, type_)


def conversion(source: Code, target: Code) -> Code:
    """Write the head of an `impl From`, with its opening brace."""
    line = assembled("impl From<{}> for {} {{", source, target)
    if len(line) <= WIDTH:
        return line
    return assembled("impl From<{}>\n    for {}\n{{", source, target)


def accessor(name: Code, type_: Code) -> Code:
    """Write the head of a method that gives a part, with its opening brace."""
    head, tail = assembled("pub fn {}", name), assembled(" -> {} {{", type_)
    return signature(4, head, (fixed("&self"),), tail)


def tuple_variant(indent: int, name: Code, type_: Code) -> Code:
    """Write a variant `Name(type),`."""
    line = assembled("{}({}),", indented(indent, name), type_)
    if len(line) <= WIDTH:
        return line
    pad = fixed(spaces(indent))
    return assembled("{}{}(\n{}    {},\n{}),", pad, name, pad, type_, pad)


def arm(indent: int, pattern: Code, body: Code) -> Code:
    """Write a match arm whose body is one short expression."""
    line = assembled("{} => {},", indented(indent, pattern), body)
    if len(line) <= WIDTH:
        return line
    pad = fixed(spaces(indent))
    return assembled("{}{} => {{\n{}    {}\n{}}}", pad, pattern, pad, body, pad)


def variant_arm(indent: int, variant: Code, binding: Code, body: Code) -> Code:
    """Write a match arm that takes a variant with one value apart."""
    pattern = assembled("{}({})", variant, binding)
    if indent + len(pattern) + len(" => {") <= WIDTH:
        return arm(indent, pattern, body)
    pad = fixed(spaces(indent))
    return assembled(
        "{}{}(\n{}    {},\n{}) => {},", pad, variant, pad, binding, pad, body
    )


def call_arm(
    indent: int, pattern: Code, function: LiteralString, arguments: Sequence[Code]
) -> Code:
    """Write a match arm whose body is one call."""
    content = joined(", ", arguments)
    if len(content) <= _CALL_WIDTH:
        return arm(indent, pattern, assembled("{}({})", fixed(function), content))
    head = assembled("{} => {}", pattern, fixed(function))
    return call(indent, head, arguments, fixed(","))


def list_literal(indent: int, head: Code, items: Sequence[Code], tail: Code) -> Code:
    """Write `head[items]tail`, an array."""
    content = joined(", ", items)
    if len(content) <= _CALL_WIDTH:
        parts = (indented(indent, head), fixed("["), content, fixed("]"), tail)
        return joined("", parts)
    return joined(
        "",
        (
            indented(indent, head),
            fixed("[\n"),
            block(indent + 4, items),
            fixed("\n" + spaces(indent) + "]"),
            tail,
        ),
    )


def use(path: Code, names: Sequence[Code]) -> Code:
    """Write a `use` of one or several names of a module."""
    if len(names) == 1 and names[0].text != "self":
        return assembled("use {}::{};", path, names[0])
    line = assembled("use {}::{{{}}};", path, joined(", ", names))
    if len(line) <= _USE_WIDTH:
        return line
    return assembled("use {}::{{\n{}\n}};", path, _filled(names, 4))


def _filled(items: Sequence[Code], indent: int) -> Code:
    """Fill lines with items, as rustfmt does inside the braces of a `use`."""
    lines: list[Code] = []
    line: list[Code] = []
    width = indent
    for item in items:
        if line and width + len(item) + 2 > WIDTH:
            lines.append(assembled("{},", indented(indent, joined(", ", line))))
            line, width = [], indent
        line.append(item)
        width += len(item) + 2
    lines.append(assembled("{},", indented(indent, joined(", ", line))))
    return joined("\n", lines)


def short_list(indent: int, head: Code, items: Sequence[Code], tail: Code) -> Code:
    """Write an array whose items, if all are tiny, share lines."""
    if len(joined(", ", items)) <= _CALL_WIDTH or any(len(i) > _TINY for i in items):
        return list_literal(indent, head, items, tail)
    pad = fixed(spaces(indent))
    lines = _filled(items, indent + 4)
    return joined(
        "", (pad, head, fixed("[\n"), lines, fixed("\n"), pad, fixed("]"), tail)
    )
