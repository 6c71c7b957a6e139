"""`headgate.toml`: what a document does not say about the packages made from it.

Every key is optional; what is missing derives from the document's title.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from headgate.document.json_values import JsonObject

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_WORD: Final = re.compile(r"[A-Za-z0-9]+")
_LONGEST: Final = 30
_NOISE: Final = frozenset({"api", "apis", "rest", "openapi", "the", "specification"})


@dataclass(frozen=True, slots=True)
class PackageConfig:
    """What all packages share."""

    version: str
    description: str
    license: str | None
    repository: str | None
    authors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeaderMapConfig:
    """A client option that maps names to values sent as `<prefix><Name>` headers."""

    prefix: str


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """The client: its class, its environment variables, its credentials."""

    name: str
    environment_prefix: str
    default_base_url: str | None
    user_agent: str
    header_maps: Mapping[str, HeaderMapConfig]
    credentials: Mapping[str, str]
    """Security scheme to the client option that holds its credential."""
    headers: Mapping[str, str]
    """Client option to the header that it is sent as with every call."""


@dataclass(frozen=True, slots=True)
class HttpConfig:
    """The names of headers with a meaning; None: the API has no such header."""

    request_id_header: str | None
    idempotency_header: str | None
    attempt_header: str | None
    sdk_header: str | None


@dataclass(frozen=True, slots=True)
class WebhookConfig:
    """The headers by which webhooks are signed (Standard Webhooks by default)."""

    id_header: str
    timestamp_header: str
    signature_header: str


@dataclass(frozen=True, slots=True)
class PythonConfig:
    """The Python package."""

    distribution: str
    module: str


@dataclass(frozen=True, slots=True)
class TypeScriptConfig:
    """The npm package."""

    package: str


@dataclass(frozen=True, slots=True)
class RustConfig:
    """The crate."""

    crate: str


@dataclass(frozen=True, slots=True)
class Config:
    """A whole `headgate.toml`, with defaults for what it leaves out.

    `names` renames things of the document (`schemas.Foo` to `Bar`); `streams` and
    `pagination` say for an operation, by its id or by its verb and path, what
    `x-stream` and `x-pagination` would; `groups` puts operations into resources;
    `overlays` are applied to the document before it is read.
    """

    package: PackageConfig
    client: ClientConfig
    http: HttpConfig
    python: PythonConfig
    typescript: TypeScriptConfig
    rust: RustConfig
    names: Mapping[str, str]
    streams: Mapping[str, JsonObject]
    pagination: Mapping[str, JsonObject]
    groups: Mapping[str, str]
    webhooks: WebhookConfig
    overlays: tuple[str, ...]


def default_config(root: JsonObject) -> Config:
    """Derive all settings from a document's title, description and servers."""
    info = root.get("info")
    info = info if isinstance(info, dict) else {}
    words = title_words(_text(info, "title") or "")
    slug = "-".join(words)
    return Config(
        package=PackageConfig(
            version="0.1.0",
            description=f"Client for {_one_line(_text(info, 'title') or 'an API')}",
            license=_licence(info),
            repository=None,
            authors=(),
        ),
        client=ClientConfig(
            name="".join(word.capitalize() for word in words),
            environment_prefix="_".join(words).upper(),
            default_base_url=_first_server(root),
            user_agent=f"{slug}-sdk",
            header_maps=MappingProxyType({}),
            headers=MappingProxyType({}),
            credentials=NOTHING,
        ),
        http=HttpConfig("X-Request-ID", "Idempotency-Key", None, None),
        python=PythonConfig(f"{slug}-sdk", f"{'_'.join(words)}_sdk"),
        typescript=TypeScriptConfig(f"@{slug}/sdk"),
        rust=RustConfig(f"{slug}-sdk"),
        names=NOTHING,
        streams=MappingProxyType({}),
        pagination=MappingProxyType({}),
        groups=NOTHING,
        webhooks=WebhookConfig("webhook-id", "webhook-timestamp", "webhook-signature"),
        overlays=(),
    )


def title_words(title: str) -> list[str]:
    """Give the words of a title that can name a package, in lower case.

    A title that leaves none, or begins with a digit, gets the word `client`.
    """
    words = [word[:_LONGEST].lower() for word in _WORD.findall(title)]
    telling = [word for word in words if word not in _NOISE][:3]
    if not telling or telling[0][0].isdigit():
        telling.insert(0, "client")
    return telling


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _text(object_: JsonObject, key: str) -> str | None:
    value = object_.get(key)
    return value if isinstance(value, str) and value.strip() else None


def _licence(info: JsonObject) -> str | None:
    licence = info.get("license")
    return _text(licence, "identifier") if isinstance(licence, dict) else None


def _first_server(root: JsonObject) -> str | None:
    servers = root.get("servers")
    if not isinstance(servers, list) or not servers:
        return None
    server = servers[0]
    url = _text(server, "url") if isinstance(server, dict) else None
    # A template or a relative address is no address that a client could call.
    return url if url and "://" in url and "{" not in url else None
