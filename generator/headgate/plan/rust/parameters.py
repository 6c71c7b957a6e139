"""How parameters are written into a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed
from headgate.ir.types import Field, Nullable
from headgate.plan.rust import layout

if TYPE_CHECKING:
    from headgate.ir.operations import Parameter
    from headgate.plan.rust.imports import Imports

_REQUEST: Final = "crate::runtime::request"
_PATH_STYLES: Final = {
    "label": fixed("PathStyle::Label"),
    "matrix": fixed("PathStyle::Matrix"),
}


def as_field(parameter: Parameter) -> Field:
    """Make a field of a parameter; null would not be sent, as one that is left out."""
    type_ = parameter.type
    if isinstance(type_, Nullable) and not parameter.required:
        type_ = type_.inner
    return Field(
        name=parameter.name,
        type=type_,
        required=parameter.required,
        docs=parameter.docs,
        location=parameter.location,
        default=parameter.default,
    )


def sent_parameter(parameter: Parameter, value: Code, imports: Imports) -> list[Code]:
    """Write the statements that send a parameter."""
    wire = rust.string(parameter.name)
    if parameter.content_type is not None:
        imports.use(_REQUEST, "json_text")
        value = assembled("&json_text({})", value)
    match parameter.place:
        case "path":
            return [_path(parameter, wire, value, imports)]
        case "query":
            return [_query(parameter, wire, value, imports)]
        case "header":
            exploded = parameter.explode and parameter.content_type is None
            head = fixed("request.exploded_header" if exploded else "request.header")
            return [layout.call(8, head, (wire, value), fixed(";"))]
        case "cookie":
            head = fixed("request.cookie")
            return [layout.call(8, head, (wire, value), fixed(";"))]


def _path(parameter: Parameter, wire: Code, value: Code, imports: Imports) -> Code:
    style = _PATH_STYLES.get(parameter.style)
    plain = parameter.content_type is not None or not parameter.explode
    if style is None and plain:
        return layout.call(8, fixed("request.path"), (wire, value), fixed(";"))
    imports.use(_REQUEST, "PathStyle")
    arguments = (
        wire,
        value,
        style or fixed("PathStyle::Simple"),
        rust.boolean(value=parameter.explode),
    )
    return layout.call(8, fixed("request.styled_path"), arguments, fixed(";"))


def _query(parameter: Parameter, wire: Code, value: Code, imports: Imports) -> Code:
    imports.use(_REQUEST, "Style")
    style = style_of(parameter.style, explode=parameter.explode)
    head = "request.reserved_query" if parameter.allow_reserved else "request.query"
    return layout.call(8, fixed(head), (wire, value, style), fixed(";"))


def style_of(style: str, *, explode: bool) -> Code:
    """Write the style of a query parameter or of a form's field."""
    if style == "deepObject":
        return fixed("Style::Deep")
    if explode:
        return fixed("Style::Repeated")
    if style == "spaceDelimited":
        return fixed("Style::Space")
    if style == "pipeDelimited":
        return fixed("Style::Pipe")
    return fixed("Style::Comma")
