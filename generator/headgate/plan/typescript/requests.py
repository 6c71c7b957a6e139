"""The request that a method makes: everything that the specification settles of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.typescript import access, identifier, literal, string, value_key
from headgate.ir.operations import PathLiteral
from headgate.plan.typescript.layout import Array, Entry, Object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headgate.ir.operations import Operation, Parameter
    from headgate.ir.types import LiteralValue
    from headgate.names import Name

SAFE_TO_REPEAT = frozenset(
    {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "QUERY"}
)
_STYLES = {"spaceDelimited": "space", "pipeDelimited": "pipe", "deepObject": "deep"}


def path_template(operation: Operation) -> Code:
    """Write the path as one string, with `{name}` where a parameter stands."""
    parts = [
        part.text if isinstance(part, PathLiteral) else f"{{{part.name}}}"
        for part in operation.path
    ]
    return string("".join(parts))


def fixed_entries(operation: Operation) -> list[Entry]:
    """Give the properties of a request that depend on no argument."""
    return [
        Entry(fixed("verb"), string(operation.verb)),
        Entry(fixed("path"), path_template(operation)),
    ]


def security_entries(operation: Operation) -> list[Entry]:
    """Give the credentials that the operation takes, if it takes any."""
    alternatives = [schemes for schemes in operation.security if schemes]
    if not alternatives:
        return []
    sets = [Array(tuple(string(name) for name in schemes)) for schemes in alternatives]
    return [Entry(fixed("security"), Array(tuple(sets)))]


def request_entries(
    operation: Operation,
    locals_: Mapping[str, Name],
    *,
    flag: tuple[str, LiteralValue] | None,
    accept: str | None,
) -> list[Entry]:
    """Give the properties of an operation's request, as a method makes it."""
    entries = fixed_entries(operation)
    if locals_:
        shown = [
            Entry(value_key(name), identifier(local)) for name, local in locals_.items()
        ]
        entries.append(Entry(fixed("pathParams"), Object(tuple(shown))))
    entries += _named_parameters(operation)
    entries += _body(operation, flag)
    entries += _unfinished(operation)
    entries += security_entries(operation)
    entries += _repeating(operation)
    if accept is not None:
        entries.append(Entry(fixed("accept"), string(accept)))
    return entries


def _named_parameters(operation: Operation) -> list[Entry]:
    named = [each for each in operation.parameters if each.place != "path"]
    keys = parameter_keys(operation)
    queries = [each for each in named if each.place == "query"]
    if queries and len(queries) == len(named):
        return [Entry(fixed("query"), fixed("params")), *_query_styles(queries)]
    entries: list[Entry] = []
    for key, place in (
        (fixed("query"), "query"),
        (fixed("headers"), "header"),
        (fixed("cookies"), "cookie"),
    ):
        of_place = [each for each in named if each.place == place]
        if of_place:
            picked = tuple(_picked(each, keys) for each in of_place)
            entries.append(Entry(key, Object(picked)))
    return [*entries, *_query_styles(queries)]


def parameter_keys(operation: Operation) -> dict[tuple[str, str], str]:
    """Give the property of each named parameter, by its name and place.

    Two places may have parameters of one name: the later ones get the place's.
    """
    found: dict[tuple[str, str], str] = {}
    for each in operation.parameters:
        if each.place != "path":
            is_taken = each.name in found.values()
            key = f"{each.name}_{each.place}" if is_taken else each.name
            found[each.name, each.place] = key
    return found


def _picked(parameter: Parameter, keys: Mapping[tuple[str, str], str]) -> Entry:
    value = assembled("params{}", access(keys[parameter.name, parameter.place]))
    return Entry(value_key(parameter.name), value)


def _query_styles(queries: Sequence[Parameter]) -> list[Entry]:
    styled = [(each, style) for each in queries if (style := _style(each))]
    if not styled:
        return []
    entries = [Entry(value_key(each.name), string(style)) for each, style in styled]
    return [Entry(fixed("queryStyles"), Object(tuple(entries)))]


def _style(parameter: Parameter) -> str | None:
    if parameter.style in _STYLES:
        return _STYLES[parameter.style]
    return "comma" if parameter.style == "form" and not parameter.explode else None


def _body(operation: Operation, flag: tuple[str, LiteralValue] | None) -> list[Entry]:
    if operation.body is None:
        return []
    body = fixed("body")
    if flag is not None:
        name, value = flag
        body = assembled("{{ ...body, {}: {} }}", value_key(name), literal(value))
    entries = [Entry(fixed("body"), body)]
    if operation.body.kind != "json":
        entries.append(Entry(fixed("bodyKind"), string(operation.body.kind)))
    if operation.body.kind in {"text", "binary"} or (
        operation.body.kind == "json"
        and operation.body.media_type != "application/json"
    ):
        entries.append(Entry(fixed("contentType"), string(operation.body.media_type)))
    return entries


def _unfinished(operation: Operation) -> list[Entry]:
    """Say when the caller asks for a stream that may close before its last event."""
    if operation.stream is None or operation.stream.unfinished_when is None:
        return []
    flag = operation.stream.unfinished_when
    parameter = parameter_keys(operation)[flag.parameter, "query"]
    test = assembled("params{} === {}", access(parameter), literal(flag.value))
    return [Entry(fixed("unfinished"), test)]


def _repeating(operation: Operation) -> list[Entry]:
    """A verb that is safe to repeat says so by itself."""
    if operation.idempotency == "key" or (
        operation.idempotency == "natural" and operation.verb not in SAFE_TO_REPEAT
    ):
        return [Entry(fixed("idempotency"), string(operation.idempotency))]
    return []
