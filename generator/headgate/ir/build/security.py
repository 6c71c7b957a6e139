"""Credentials and the client options that carry them."""

from __future__ import annotations

from keyword import kwlist
from typing import TYPE_CHECKING, cast

from headgate.document.checks.security import is_usable
from headgate.ir.api import HeaderMap, HeaderOption, SecurityScheme
from headgate.ir.build.reader import (
    Node,
    Reader,
    as_list,
    as_object,
    docs_of,
    text_at,
)
from headgate.names import Scope, snake, split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Literal

    from headgate.document.config import HeaderMapConfig
    from headgate.ir.api import SchemeKind
    from headgate.ir.build.raw import RawOperation
    from headgate.names import Name

_KINDS: dict[str, SchemeKind] = {
    "apiKey": "api_key",
    "oauth2": "oauth2",
    "openIdConnect": "openid",
    "mutualTLS": "mutual_tls",
}

_CONSENTS = ("authorizationCode", "deviceAuthorization", "password", "implicit")
"""The flows of OAuth 2 in which a person agrees."""

AUTHORIZATION = "authorization"

_UNUSABLE = frozenset(
    {
        *kwlist,
        *("base_url", "build", "default_headers", "fetch", "header", "headers"),
        *("http_client", "interceptors", "log_level", "logger", "max_attempts"),
        *("platform_headers", "retry", "self", "server", "stream_limits", "timeouts"),
        *("trace_context", "transport", "without_header"),
    }
)
"""What no option of a document can be called: clients have settings of these names,
and some language has no parameter of such a name.
"""


def option_scope() -> Scope:
    """Give the names of a client's options, none of the document's taken yet."""
    return Scope(_UNUSABLE)


def read_schemes(
    reader: Reader, options: Mapping[str, str], scope: Scope
) -> tuple[SecurityScheme, ...]:
    """Read the security schemes; `options` names the client's option for each."""
    found = _usable(reader)
    only = "api_key" if len(found) == 1 else ""
    return tuple(
        _scheme(
            reader,
            name,
            node,
            scope.claim(
                options.get(name) or only or snake(split_words(name)), "credential"
            ),
        )
        for name, node in found
    )


def alternatives(
    reader: Reader, owner: Mapping[str, object]
) -> tuple[tuple[str, ...], ...]:
    """Read what an owner's `security` asks for, but for what nobody can send."""
    known = {name for name, _ in _usable(reader)}
    given = (as_object(each) for each in as_list(owner.get("security")))
    return tuple(tuple(each) for each in given if each.keys() <= known)


def is_authorized(reader: Reader, security: tuple[tuple[str, ...], ...]) -> bool:
    """Say whether a credential of an operation is sent as `Authorization`."""
    asked = {name for each in security for name in each}
    return any(
        node.value.get("type") != "apiKey"
        or (node.value.get("in"), str(node.value.get("name")).lower())
        == ("header", AUTHORIZATION)
        for name, node in _usable(reader)
        if name in asked
    )


def _usable(reader: Reader) -> list[tuple[str, Node]]:
    holder = reader.at("#/components") or Node({}, "#/components")
    schemes = (
        (name, reader.resolve(node)) for name, node in holder.objects("securitySchemes")
    )
    return [(name, node) for name, node in schemes if is_usable(node.value)]


def _scheme(reader: Reader, name: str, node: Node, option: Name) -> SecurityScheme:
    value = node.value
    place = value.get("in")
    flow = as_object(as_object(value.get("flows")).get("clientCredentials"))
    if value.get("type") == "mutualTLS" or _is_unknown(value):
        message = f"nothing can be sent for the scheme '{name}'"
        reader.report("security-left-out", message, node.pointer, "warning")
    return SecurityScheme(
        name=name,
        kind=_kind(value),
        option=option.text,
        docs=docs_of(value),
        location=reader.locate(node.pointer),
        place=cast('Literal["header", "query", "cookie"] | None', place),
        parameter=text_at(value, "name"),
        token_url=text_at(flow, "tokenUrl"),
        refresh_url=_refresh_url(as_object(value.get("flows"))),
        scopes=tuple(as_object(flow.get("scopes"))),
    )


def _refresh_url(flows: dict[str, object]) -> str | None:
    """Find where a refresh token is exchanged: `refreshUrl`, else where it came from.

    A client's own id and secret give no refresh token (RFC 6749, section 4.4.3).
    """
    consents = [as_object(flows.get(name)) for name in _CONSENTS]
    urls = [text_at(flow, "refreshUrl") for flow in consents]
    urls += [text_at(flow, "tokenUrl") for flow in consents]
    return next((url for url in urls if url is not None), None)


def _is_unknown(value: dict[str, object]) -> bool:
    scheme = str(value.get("scheme", "")).lower()
    return value.get("type") == "http" and scheme not in ("basic", "bearer")


def _kind(value: dict[str, object]) -> SchemeKind:
    if value.get("type") == "http":
        basic = str(value.get("scheme", "")).lower() == "basic"
        return "basic" if basic else "bearer"
    return _KINDS.get(str(value.get("type")), "bearer")


def read_header_maps(
    reader: Reader,
    operations: Iterable[RawOperation],
    settings: Mapping[str, HeaderMapConfig],
    scope: Scope,
) -> tuple[HeaderMap, ...]:
    """Gather the header parameters that stand behind the prefix of each map."""
    headers = list(dict.fromkeys(_header_names(reader, operations)))
    return tuple(
        HeaderMap(
            scope.claim(option, "headers").text,
            config.prefix,
            _members(headers, config.prefix),
        )
        for option, config in settings.items()
    )


def header_options(
    settings: Mapping[str, str], scope: Scope
) -> tuple[HeaderOption, ...]:
    """Give the options that are sent as a header with every call."""
    return tuple(
        HeaderOption(scope.claim(option, "header").text, header)
        for option, header in settings.items()
    )


def _header_names(reader: Reader, operations: Iterable[RawOperation]) -> Iterable[str]:
    for raw in operations:
        for node in (*raw.item.items("parameters"), *raw.node.items("parameters")):
            value = reader.resolve(node).value
            if value.get("in") == "header" and isinstance(value.get("name"), str):
                yield value["name"]


def _members(headers: list[str], prefix: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (header[len(prefix) :].lower(), header)
        for header in headers
        if header.lower().startswith(prefix.lower())
    )
