"""The whole API: what the document layer's text comes to once everything is settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from headgate.errors import Location
from headgate.ir.operations import Operation, Resource
from headgate.ir.streams import Stream
from headgate.ir.types import Definition, Docs, TypeExpr, TypeId

SchemeKind = Literal["bearer", "basic", "api_key", "oauth2", "openid", "mutual_tls"]


@dataclass(frozen=True, slots=True)
class SecurityScheme:
    """A credential and where it goes. `option` is the client's name for it.

    `place` and `parameter` are set for API keys; a bearer or basic credential
    goes into `Authorization`.
    """

    name: str
    kind: SchemeKind
    option: str
    docs: Docs
    location: Location
    place: Literal["header", "query", "cookie"] | None = None
    parameter: str | None = None


@dataclass(frozen=True, slots=True)
class HeaderMap:
    """A client option that maps names to header values (`provider_keys`).

    `members` pairs each known name (lower case) with its header; other names
    are sent as `prefix` + name.
    """

    option: str
    prefix: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Detail:
    """A typed field that an error class reads from the error's details."""

    name: str
    type: TypeExpr


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """A class of the error tree, picked by code, then type, then status.

    `parent` None hangs it under the root of all API errors.
    """

    name: str
    parent: str | None
    statuses: tuple[int, ...]
    types: tuple[str, ...]
    codes: tuple[str, ...]
    details: tuple[Detail, ...]
    docs: Docs


@dataclass(frozen=True, slots=True)
class ErrorFields:
    """Which property of the error object means what; None where it has none."""

    type: str | None
    code: str | None
    message: str | None
    param: str | None
    request_id: str | None
    retryable: str | None
    retry_after: str | None
    details: str | None


@dataclass(frozen=True, slots=True)
class ErrorModel:
    """The error body: the object lies at property `at` (None: it is the body)."""

    at: str | None
    fields: ErrorFields
    classes: tuple[ErrorClass, ...]


@dataclass(frozen=True, slots=True)
class Api:
    """Everything the SDKs need to know about an API.

    `definitions` keeps the spec's order; `root` holds the resource tree.
    """

    title: str
    version: str
    docs: Docs
    base_url: str | None
    definitions: Mapping[TypeId, Definition]
    root: Resource
    streams: Mapping[str, Stream]
    schemes: tuple[SecurityScheme, ...]
    header_maps: tuple[HeaderMap, ...]
    errors: ErrorModel

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation, in the order of the resource tree."""
        return tuple(_operations(self.root))


def _operations(resource: Resource) -> list[Operation]:
    found = list(resource.operations)
    for child in resource.children:
        found += _operations(child)
    return found
