"""The operations of an API: what is asked for, what may come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from headgate.document.json_values import Json as JsonValue
from headgate.errors import Location
from headgate.ir.types import Default, Docs, LiteralValue, TypeExpr, TypeId

HttpMethod = Literal[
    "GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "QUERY"
]
ParameterPlace = Literal["path", "query", "header", "cookie"]
BodyKind = Literal["json", "form", "multipart", "text", "binary"]
Idempotency = Literal["key", "natural", "none"]
"""`key`: sent with an idempotency key; `natural`: safe to repeat; `none`: neither."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value sent outside the body.

    `content_type` is the media type that it is written in (`application/json`);
    None: by its style. `example` is the first that is stated; it may be no value of
    the type. None: there is none.
    """

    name: str
    place: ParameterPlace
    type: TypeExpr
    required: bool
    docs: Docs
    location: Location
    style: str = "simple"
    explode: bool = False
    default: Default | None = None
    allow_reserved: bool = False
    content_type: str | None = None
    example: JsonValue = None


@dataclass(frozen=True, slots=True)
class PathLiteral:
    """Fixed text of a path, percent-encoded as the spec has it."""

    text: str


@dataclass(frozen=True, slots=True)
class PathVariable:
    """The place of the path parameter called `name`."""

    name: str


PathPart: TypeAlias = PathLiteral | PathVariable


PartKind = Literal["file", "text", "json", "any"]


@dataclass(frozen=True, slots=True)
class Part:
    """How a field of a form is written: a part of its own, or several if `many`.

    `any` is told by the value. `content_type` None: the usual one of its kind. `style`
    and `explode` are those of URL-encoded forms.
    """

    field: str
    kind: PartKind
    many: bool
    content_type: str | None = None
    style: str = "form"
    explode: bool = True


@dataclass(frozen=True, slots=True)
class Body:
    """What an operation sends; `type` of a binary body is a binary scalar.

    `parts` says how the known fields of a form or a multipart body are written;
    `example` is the first that is stated, as with a parameter.
    """

    kind: BodyKind
    media_type: str
    type: TypeExpr
    required: bool
    docs: Docs
    location: Location
    parts: tuple[Part, ...] = ()
    example: JsonValue = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a call gives back outside a stream.

    `may_be_empty`: a success without a body is possible beside the one with it.
    """

    kind: BodyKind
    media_type: str
    type: TypeExpr
    statuses: tuple[str, ...]
    docs: Docs
    location: Location
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class ResponseHeader:
    """A header of an answer, which is read from the response beside its body."""

    name: str
    type: TypeExpr
    required: bool
    docs: Docs
    location: Location


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that is raised as an error, whose body is of `type`.

    `status` is the document's own word (`404`, `4XX`, `default`).
    """

    status: str
    type: TypeExpr
    docs: Docs
    location: Location


@dataclass(frozen=True, slots=True)
class BodyFlag:
    """A property of the body whose value switches an operation to streaming.

    `otherwise` is sent where the whole answer is wanted, if leaving the property out
    would not do; None: it is left out.
    """

    property: str
    value: LiteralValue
    otherwise: LiteralValue = None


@dataclass(frozen=True, slots=True)
class QueryFlag:
    """A query parameter whose value changes what an operation does.

    `otherwise` is sent where that is not wanted; None: the parameter is left out.
    """

    parameter: str
    value: LiteralValue
    otherwise: LiteralValue = None


@dataclass(frozen=True, slots=True)
class StreamCall:
    """How an operation streams: the stream, the method, what asks for it.

    `asked_by` and `asked_in_query` None: the media type that is asked for decides, if
    anything. `alone`: the operation only streams, and `method` is its own method.
    `unfinished_when`: called so, the stream gives what there is and may close before
    its terminal event.
    """

    stream: str
    method: str
    media_type: str
    asked_by: BodyFlag | None
    location: Location
    unfinished_when: QueryFlag | None = None
    alone: bool = False
    asked_in_query: QueryFlag | None = None


@dataclass(frozen=True, slots=True)
class CursorPage:
    """A list that continues: send `from_field` of this page as `parameter`.

    `more_field` None: the list ends with an empty page or an absent cursor.
    `of_item` is the struct of the items, or the union of their structs, if the field
    is not the page's own but that of its last item.
    """

    items_field: str
    item: TypeExpr
    parameter: str
    from_field: str
    more_field: str | None
    of_item: TypeId | None = None


@dataclass(frozen=True, slots=True)
class OffsetPage:
    """A list that continues at an offset: send how many items there were so far.

    `total_field` None: the list ends with a page of fewer items than asked for,
    or of none. `items_field` "": the body is the list.
    """

    items_field: str
    item: TypeExpr
    offset_parameter: str
    limit_parameter: str | None
    total_field: str | None


@dataclass(frozen=True, slots=True)
class NumberPage:
    """A list in numbered pages, from `first` on.

    `total_pages_field` None: the list ends with an empty page. `items_field` "":
    the body is the list.
    """

    items_field: str
    item: TypeExpr
    page_parameter: str
    total_pages_field: str | None
    first: int = 1


@dataclass(frozen=True, slots=True)
class LinkPage:
    """A list that continues where the header `Link` says (RFC 8288, `rel=next`).

    `items_field` None: the body is the list.
    """

    items_field: str | None
    item: TypeExpr


Page: TypeAlias = CursorPage | OffsetPage | NumberPage | LinkPage


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the API.

    `resource` and `method` place it in the SDKs' tree; `result` is None when
    success carries nothing or only a stream; `security` lists alternatives,
    each a set of scheme names that go together (an empty set: no credential).
    `accept` is the media type asked for where the call has several to choose from;
    an operation with several kinds of body or of answer stands here once for each,
    with an `id` and a `method` of its own. `base_url` is the address of its own that
    an operation has instead of the API's. `pending` are the statuses of success that
    say that the answer is not there yet (`x-pending`). `headers` come with a success,
    `failure_headers` with anything else. The failure of an `advisory` call is no error
    to its caller, unless he asks for that (`x-advisory`).
    """

    id: str
    resource: tuple[str, ...]
    method: str
    verb: HttpMethod
    path: tuple[PathPart, ...]
    parameters: tuple[Parameter, ...]
    body: Body | None
    result: Result | None
    stream: StreamCall | None
    page: Page | None
    security: tuple[tuple[str, ...], ...]
    idempotency: Idempotency
    docs: Docs
    summary: str
    location: Location
    accept: str | None = None
    base_url: str | None = None
    headers: tuple[ResponseHeader, ...] = ()
    failures: tuple[Failure, ...] = ()
    pending: tuple[int, ...] = ()
    failure_headers: tuple[ResponseHeader, ...] = ()
    advisory: bool = False

    @property
    def cursor_page(self) -> CursorPage | None:
        """The page, if it continues at a cursor."""
        return self.page if isinstance(self.page, CursorPage) else None

    def sent_in_query(self, *, streamed: bool) -> tuple[tuple[str, LiteralValue], ...]:
        """Give the query parameters that a method sets by itself."""
        flag = self.stream.asked_in_query if self.stream is not None else None
        if flag is None or (not streamed and flag.otherwise is None):
            return ()
        return ((flag.parameter, flag.value if streamed else flag.otherwise),)

    @property
    def switch(self) -> BodyFlag | None:
        """What in the body asks for the stream, where another method gives a whole."""
        stream = self.stream
        return None if stream is None or stream.alone else stream.asked_by

    @property
    def only_streams(self) -> bool:
        """Whether the stream is the one way to call it."""
        return self.stream is not None and self.stream.alone


@dataclass(frozen=True, slots=True)
class Resource:
    """A node of the SDKs' tree; the root has an empty path."""

    path: tuple[str, ...]
    docs: Docs
    operations: tuple[Operation, ...]
    children: tuple[Resource, ...]
