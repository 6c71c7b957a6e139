"""The whole API: what the document layer's text comes to once everything is settled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from headgate.errors import Location
from headgate.ir.operations import Operation, Resource
from headgate.ir.streams import Stream
from headgate.ir.surface import Surface
from headgate.ir.types import (
    Alias,
    Definition,
    Docs,
    Ref,
    Struct,
    TypeExpr,
    TypeId,
)

SchemeKind = Literal["bearer", "basic", "api_key", "oauth2", "openid", "mutual_tls"]


@dataclass(frozen=True, slots=True)
class SecurityScheme:
    """A credential and where it goes. `option` is the client's name for it.

    `place` and `parameter` are set for API keys; a bearer or basic credential
    goes into `Authorization`. `token_url` is set where a client id and secret are
    exchanged for a token (OAuth 2 client credentials, RFC 6749 section 4.4), and
    `refresh_url` where a refresh token is that a person's consent has given (section
    6); either may be relative to the API's address. `scopes` are those that may be
    asked for with a client's own id and secret.
    """

    name: str
    kind: SchemeKind
    option: str
    docs: Docs
    location: Location
    place: Literal["header", "query", "cookie"] | None = None
    parameter: str | None = None
    token_url: str | None = None
    refresh_url: str | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerVariable:
    """A part of a server's address that a client may set; `values` () is any."""

    name: str
    default: str
    values: tuple[str, ...]
    docs: Docs


@dataclass(frozen=True, slots=True)
class Server:
    """An address of the API; `{name}` in `template` stands for a variable."""

    template: str
    variables: tuple[ServerVariable, ...]
    docs: Docs


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request that the API makes to its user; `type` is its JSON body.

    `operation` is the id of the operation that a callback belongs to.
    """

    id: str
    name: str
    type: TypeExpr
    docs: Docs
    location: Location
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookScheme:
    """How webhooks are signed: Standard Webhooks, with its headers' names."""

    id_header: str = "webhook-id"
    timestamp_header: str = "webhook-timestamp"
    signature_header: str = "webhook-signature"


@dataclass(frozen=True, slots=True)
class MediaSource:
    """Where a constructor puts a picture or a sound: at field `at` of the object.

    Either as a `url` struct with the address at `url_field`, or as a `base64`
    struct with the bytes at `data_field` and their type at `media_type_field`.
    `types` are the media types that belong there (`image/*`).
    """

    at: str
    types: str
    base64: TypeId
    data_field: str
    media_type_field: str
    url: TypeId | None
    url_field: str | None


@dataclass(frozen=True, slots=True)
class Constructor:
    """A function that makes a struct (`content.text("…")`).

    `arguments` are the fields that it takes by name, the required ones first;
    `media` is what it takes before them, if it makes a medium. Constants are
    filled in.
    """

    name: str
    type: TypeId
    arguments: tuple[str, ...]
    media: MediaSource | None
    docs: Docs
    location: Location


@dataclass(frozen=True, slots=True)
class ToolFunction:
    """The struct that describes a function to a model, by the fields it has."""

    type: TypeId
    name_field: str
    description_field: str
    parameters_field: str


@dataclass(frozen=True, slots=True)
class OutputText:
    """Where the text of an answer lies.

    Those items of list `items_field` whose `tag_field` is `tag` hold a piece of it
    at `text_field`.
    """

    type: TypeId
    items_field: str
    union: TypeId
    tag_field: str
    tag: str
    variant: TypeId
    text_field: str


@dataclass(frozen=True, slots=True)
class VectorList:
    """Where the vectors of an answer lie: at `vector_field` of each of its items.

    A vector is a list of numbers, or a text: base64 of little-endian 32-bit floats.
    """

    type: TypeId
    items_field: str
    item: TypeId
    vector_field: str


@dataclass(frozen=True, slots=True)
class Content:
    """What `x-content` declares: constructors, a tool, output and vectors."""

    constructors: tuple[Constructor, ...] = ()
    tool: ToolFunction | None = None
    output: OutputText | None = None
    vectors: VectorList | None = None


ClientKind = Literal["openai", "anthropic"]


@dataclass(frozen=True, slots=True)
class CompatibleClient:
    """A vendor's own client that the API also serves, `path` below its address."""

    kind: ClientKind
    path: str
    docs: Docs
    location: Location


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
class HeaderOption:
    """A client option that is sent as a header with every call (`agent_name`)."""

    option: str
    header: str


@dataclass(frozen=True, slots=True)
class Detail:
    """A typed field that an error class reads from the error's details."""

    name: str
    type: TypeExpr


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """A class of the error tree, picked by code, then type, then status.

    `parent` None hangs it under the root of all API errors. A `pending` one is picked
    by nothing of these: it stands for a success that says that the answer is not there
    yet, and its details are properties of that answer's body itself.
    """

    name: str
    parent: str | None
    statuses: tuple[int, ...]
    types: tuple[str, ...]
    codes: tuple[str, ...]
    details: tuple[Detail, ...]
    docs: Docs
    pending: bool = False


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

    @property
    def pending(self) -> ErrorClass | None:
        """The class of answers that are not there yet; every API with some has it."""
        return next((each for each in self.classes if each.pending), None)


HeaderKind = Literal["text", "integer", "number", "boolean", "texts"]
"""What a header's value says; `texts` are written with commas between them."""


@dataclass(frozen=True, slots=True)
class DeclaredHeader:
    """A header that some answer of the API has, a success or a failure.

    The name that a client reads it by is its own in the whole API: answers that say
    different things in one header leave it a `text`. Any answer may lack it.
    """

    name: str
    kind: HeaderKind
    docs: Docs


@dataclass(frozen=True, slots=True)
class Api:
    """Everything the SDKs need to know about an API.

    `definitions` keeps the spec's order; `root` holds the resource tree; `headers`
    are those of answers, each once, but for the one that names the request. `security`
    is what an operation asks for that does not say. `is_one_file` where nothing of it
    is written elsewhere.
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
    servers: tuple[Server, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    webhook_scheme: WebhookScheme = WebhookScheme()
    content: Content = Content()
    clients: tuple[CompatibleClient, ...] = ()
    surface: Surface = field(default_factory=Surface)
    headers: tuple[DeclaredHeader, ...] = ()
    header_options: tuple[HeaderOption, ...] = ()
    security: tuple[tuple[str, ...], ...] = ()
    is_one_file: bool = False

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation, in the order of the resource tree."""
        return tuple(_operations(self.root))

    def carried(self, operation: Operation) -> Iterator[TypeExpr]:
        """Give what an operation sends as a body and what comes back for it."""
        if operation.body is not None:
            yield operation.body.type
        if operation.result is not None:
            yield operation.result.type
        if operation.stream is not None:
            stream = self.streams[operation.stream.stream]
            yield stream.event
            if stream.fold is not None:
                yield stream.fold.into

    @property
    def asking_flags(self) -> frozenset[tuple[TypeId, str]]:
        """The properties of bodies' structs that ask for a stream: methods set them."""
        found: set[tuple[TypeId, str]] = set()
        for operation in self.operations:
            call, body = operation.stream, operation.body
            if call is None or call.asked_by is None or body is None:
                continue
            struct = self._behind(body.type)
            if isinstance(struct, Struct):
                found.add((struct.id, call.asked_by.property))
        return frozenset(found)

    def _behind(self, type_: TypeExpr) -> Definition | None:
        """Give the definition that a type stands for, behind other names of it."""
        seen: set[TypeId] = set()
        while isinstance(type_, Ref) and type_.id not in seen:
            seen.add(type_.id)
            definition = self.definitions[type_.id]
            if not isinstance(definition, Alias):
                return definition
            type_ = definition.type
        return None


def _operations(resource: Resource) -> list[Operation]:
    found = list(resource.operations)
    for child in resource.children:
        found += _operations(child)
    return found
