"""How parameters are written where it is not an item a parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.encoding.code import Code, fixed
from headgate.encoding.typescript import string
from headgate.ir.types import (
    Constant,
    Enum,
    Json,
    ListOf,
    MapOf,
    Nullable,
    Scalar,
    Struct,
    TupleOf,
)
from headgate.plan.typescript.layout import Call

if TYPE_CHECKING:
    from headgate.ir.operations import Parameter
    from headgate.plan.typescript.expressions import Types
    from headgate.plan.typescript.layout import Value

SEPARATORS = {"spaceDelimited": "%20", "pipeDelimited": "%7C", "form": ","}
"""What stands between the items of a query parameter."""


def is_usual(types: Types, parameter: Parameter) -> bool:
    """Say whether the runtime writes a value of this parameter as it is."""
    value = fixed("value")
    return styled(types, parameter, value) == value


def styled(types: Types, parameter: Parameter, value: Code) -> Value:
    """Write what gives a parameter's value in the style that it asks for."""
    runtime = types.imports.runtime
    if parameter.content_type is not None:
        return Call(runtime("styles", "asJson"), (value,))
    name = string(parameter.name)
    explode = fixed("true") if parameter.explode else fixed("false")
    match parameter.place, parameter.style:
        case "query", "deepObject":
            return Call(
                runtime("styles", "deepObject"), (name, value, *_kept(types, parameter))
            )
        case "query", style if _has_parts(types, parameter) and not parameter.explode:
            separator = string(SEPARATORS.get(style, ","))
            given = (name, value, separator, *_kept(types, parameter))
            return Call(runtime("styles", "delimited"), given)
        case "query", _ if parameter.allow_reserved:
            return Call(runtime("styles", "reserved"), (name, value))
        case "path", "label":
            return Call(runtime("styles", "label"), (value, explode))
        case "path", "matrix":
            return Call(runtime("styles", "matrix"), (name, value, explode))
        case "path", _ if _is_object(types, parameter):
            return Call(runtime("styles", "simple"), (value, explode))
        case "header", _ if _has_parts(types, parameter):
            return Call(runtime("styles", "listed"), (value, explode))
        case "cookie", _ if _has_parts(types, parameter):
            # A cookie of a name is there once.
            return Call(runtime("styles", "listed"), (value, fixed("false")))
        case _:
            return value


def _kept(types: Types, parameter: Parameter) -> tuple[Code, ...]:
    """Write what encodes a parameter whose reserved characters are kept.

    To ask for a function is to import it.
    """
    if not parameter.allow_reserved:
        return ()
    return (types.imports.runtime("styles", "lenient"),)


def _has_parts(types: Types, parameter: Parameter) -> bool:
    """Say whether a value may be a list or an object."""
    found = types.resolve(parameter.type)
    while isinstance(found, Nullable):
        found = types.resolve(found.inner)
    return not isinstance(found, (Scalar, Constant, Enum, Json))


def _is_object(types: Types, parameter: Parameter) -> bool:
    found = types.resolve(parameter.type)
    return isinstance(found, (Struct, MapOf)) and not isinstance(
        found, (ListOf, TupleOf)
    )
