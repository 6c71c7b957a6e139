"""Credentials and the client options that carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from headgate.ir.api import HeaderMap, SecurityScheme
from headgate.ir.build.reader import Node, Reader, docs_of, text_at
from headgate.names import snake, split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Literal

    from headgate.document.config import HeaderMapConfig
    from headgate.ir.api import SchemeKind
    from headgate.ir.build.operations import RawOperation

_KINDS: dict[str, SchemeKind] = {
    "apiKey": "api_key",
    "oauth2": "oauth2",
    "openIdConnect": "openid",
    "mutualTLS": "mutual_tls",
}


def read_schemes(
    reader: Reader, options: Mapping[str, str]
) -> tuple[SecurityScheme, ...]:
    """Read the security schemes; `options` names the client's option for each."""
    holder = reader.at("#/components") or Node({}, "#/components")
    found = [
        (name, reader.resolve(node)) for name, node in holder.objects("securitySchemes")
    ]
    only = len(found) == 1
    return tuple(
        _scheme(reader, name, node, options, only=only) for name, node in found
    )


def _scheme(
    reader: Reader, name: str, node: Node, options: Mapping[str, str], *, only: bool
) -> SecurityScheme:
    value = node.value
    place = value.get("in")
    default = "api_key" if only else snake(split_words(name))
    return SecurityScheme(
        name=name,
        kind=_kind(value),
        option=options.get(name) or default or "credential",
        docs=docs_of(value),
        location=reader.locate(node.pointer),
        place=cast('Literal["header", "query", "cookie"] | None', place),
        parameter=text_at(value, "name"),
    )


def _kind(value: dict[str, object]) -> SchemeKind:
    if value.get("type") == "http":
        basic = str(value.get("scheme", "")).lower() == "basic"
        return "basic" if basic else "bearer"
    return _KINDS.get(str(value.get("type")), "bearer")


def read_header_maps(
    reader: Reader,
    operations: Iterable[RawOperation],
    settings: Mapping[str, HeaderMapConfig],
) -> tuple[HeaderMap, ...]:
    """Gather the header parameters that stand behind the prefix of each map."""
    headers = list(dict.fromkeys(_header_names(reader, operations)))
    return tuple(
        HeaderMap(option, config.prefix, _members(headers, config.prefix))
        for option, config in settings.items()
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
