"""The request that a method makes: everything that the specification settles of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, assert_never

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.typescript import (
    access,
    identifier,
    literal,
    string,
    template,
    value_key,
)
from headgate.ir.operations import PathLiteral
from headgate.plan.typescript.layout import (
    WIDTH,
    Array,
    Call,
    Entry,
    Object,
    one_line,
    open_object,
)
from headgate.plan.typescript.names import are_options
from headgate.plan.typescript.styles import SEPARATORS, is_usual, styled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from headgate.ir.api import Api
    from headgate.ir.operations import Body, Operation, Parameter, Part
    from headgate.ir.types import LiteralValue
    from headgate.names import Name
    from headgate.plan.typescript.expressions import Types

Alternatives: TypeAlias = "tuple[tuple[str, ...], ...]"
"""Sets of schemes, each of which is enough."""

REQUEST_DEPTH = 6
"""How far the properties of a method's request are indented."""

SAFE_TO_REPEAT = frozenset(
    {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "QUERY"}
)


def path_template(operation: Operation) -> Code:
    """Write the path as one string, with `{name}` where a parameter stands."""
    parts = [
        part.text if isinstance(part, PathLiteral) else f"{{{part.name}}}"
        for part in operation.path
    ]
    return string("".join(parts))


def fixed_entries(operation: Operation, path: Code | None = None) -> list[Entry]:
    """Give the properties of a request that depend on no argument but the path's."""
    entries = [
        Entry(fixed("verb"), string(operation.verb)),
        Entry(fixed("path"), path or path_template(operation)),
    ]
    if operation.base_url is not None:
        entries.append(Entry(fixed("baseUrl"), string(operation.base_url.rstrip("/"))))
    return entries


def _path(
    types: Types, operation: Operation, locals_: Mapping[str, Name]
) -> list[Entry]:
    """Give the path with its parameters in it.

    A stream that is taken up again looks for its parameters by name, so they stay
    apart there.
    """
    in_path = path_parameters(operation)
    given = {
        name: styled(types, in_path[name], identifier(local))
        for name, local in locals_.items()
    }
    if not given:
        return fixed_entries(operation)
    resumes = (stream.resume for stream in types.api.streams.values())
    if any(each and each.operation == operation.id for each in resumes):
        shown = tuple(Entry(value_key(name), value) for name, value in given.items())
        return [
            *fixed_entries(operation),
            Entry(fixed("pathParams"), Object(shown)),
        ]
    segment = types.imports.runtime("request", "segment")
    path = template(
        part.text
        if isinstance(part, PathLiteral)
        else assembled("{}({})", segment, one_line(given[part.name]))
        for part in operation.path
    )
    return fixed_entries(operation, path)


def security_entries(api: Api, security: Alternatives) -> list[Entry]:
    """Give the credentials that a call takes, unless they are those of the API."""
    wanted = [schemes for schemes in security if schemes]
    return [] if wanted == [s for s in api.security if s] else [_security(wanted)]


def product_security(api: Api) -> list[Entry]:
    """Give the credentials of calls that name none, if there are any."""
    wanted = [schemes for schemes in api.security if schemes]
    return [_security(wanted)] if wanted else []


def _security(wanted: Iterable[tuple[str, ...]]) -> Entry:
    sets = tuple(Array(tuple(map(string, schemes))) for schemes in wanted)
    return Entry(fixed("security"), Array(sets))


def request_entries(
    types: Types,
    operation: Operation,
    locals_: Mapping[str, Name],
    *,
    flag: tuple[str, LiteralValue] | None,
    accept: str | None,
    streamed: bool,
) -> list[Entry]:
    """Give the properties of an operation's request, as a method makes it."""
    entries = _path(types, operation, locals_)
    entries += _named_parameters(types, operation, streamed=streamed)
    entries += _body(types, operation, flag)
    entries += _unfinished(operation)
    entries += security_entries(types.api, operation.security)
    entries += _repeating(operation)
    if accept is not None:
        entries.append(Entry(fixed("accept"), string(accept)))
    return entries


def _named_parameters(
    types: Types, operation: Operation, *, streamed: bool
) -> list[Entry]:
    sent = [
        Entry(value_key(name), literal(value))
        for name, value in operation.sent_in_query(streamed=streamed)
    ]
    named = [each for each in operation.parameters if each.place != "path"]
    keys = parameter_keys(operation)
    given = fixed("options") if are_options(operation) else fixed("params")
    picked = {id(each): _picked(types, each, keys, given) for each in named}
    if (
        not sent
        and named
        and all(each.place == "query" and is_usual(types, each) for each in named)
    ):
        return [Entry(fixed("query"), fixed("params"))]
    entries: list[Entry] = []
    for key, place in (
        (fixed("query"), "query"),
        (fixed("headers"), "header"),
    ):
        of_place = [picked[id(each)] for each in named if each.place == place]
        of_place += sent if place == "query" else []
        if of_place:
            entries.append(Entry(key, Object(tuple(of_place))))
    cookies = [picked[id(each)] for each in named if each.place == "cookie"]
    if cookies:
        encoder = types.imports.runtime("styles", "asCookies")
        entries.append(_called(fixed("cookies"), encoder, cookies))
    return entries


def _called(key: Code, function: Code, entries: list[Entry]) -> Entry:
    """Write the call of a function with an object, as a property."""
    line = assembled("{}({})", function, one_line(Object(tuple(entries))))
    if REQUEST_DEPTH + len(key) + len(": ,") + len(line) <= WIDTH:
        return Entry(key, line)
    return Entry(
        key, assembled("{}({})", function, open_object(entries, REQUEST_DEPTH))
    )


def path_parameters(operation: Operation) -> dict[str, Parameter]:
    """Give the parameters in the path by name: other places may have the same name."""
    return {each.name: each for each in operation.parameters if each.place == "path"}


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


def _picked(
    types: Types,
    parameter: Parameter,
    keys: Mapping[tuple[str, str], str],
    given: Code,
) -> Entry:
    value = assembled("{}{}", given, access(keys[parameter.name, parameter.place]))
    return Entry(value_key(parameter.name), styled(types, parameter, value))


def _body(
    types: Types, operation: Operation, flag: tuple[str, LiteralValue] | None
) -> list[Entry]:
    if operation.body is None:
        return []
    body = fixed("body")
    if flag is not None:
        name, value = flag
        body = assembled("{{ ...body, {}: {} }}", value_key(name), literal(value))
    return [Entry(fixed("body"), body), *_encoder(types, operation.body)]


def _encoder(types: Types, body: Body) -> list[Entry]:
    """Say what encodes a body, unless it is plain JSON."""
    key, runtime = fixed("encode"), types.imports.runtime
    match body.kind:
        case "form":
            return [_form(key, runtime("bodies", "urlEncoded"), body)]
        case "multipart":
            return [_form(key, runtime("bodies", "multipart"), body)]
        case "text" | "binary":
            media_type = (string(body.media_type),)
            return [Entry(key, Call(runtime("bodies", "raw"), media_type))]
        case "json":
            if body.media_type == "application/json":
                return []
            media_type = (string(body.media_type),)
            return [Entry(key, Call(runtime("bodies", "jsonAs"), media_type))]
        case _ as never:
            assert_never(never)


def _form(key: Code, encoder: Code, body: Body) -> Entry:
    parts = [
        Entry(value_key(part.field), Object(entries))
        for part in body.parts
        if (entries := tuple(_part(body, part)))
    ]
    return _called(key, encoder, parts) if parts else Entry(key, Call(encoder, ()))


def _part(body: Body, part: Part) -> Iterator[Entry]:
    """Say how a field is written where its value does not say so."""
    if body.kind == "multipart" and part.content_type is not None:
        key = fixed("fileType") if part.kind == "any" else fixed("type")
        yield Entry(key, string(part.content_type))
    if body.kind == "form":
        if part.kind == "json":
            yield Entry(fixed("type"), string(part.content_type or "application/json"))
        elif part.style == "deepObject":
            yield Entry(fixed("deep"), fixed("true"))
        elif not part.explode:
            yield Entry(fixed("separator"), string(SEPARATORS.get(part.style, ",")))


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
