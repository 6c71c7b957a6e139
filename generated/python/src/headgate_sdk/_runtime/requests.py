# Fixed runtime of a generated SDK: the same source in every package.
"""From an operation and its arguments to the request that goes on the wire."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, cast
from urllib.parse import quote, urlencode

from .errors import ConfigurationError
from .json_values import is_list, is_object
from .settings import (
    ClientOptions,
    Credential,
    Product,
    RequestOptions,
    Timeouts,
    changed,
)

if TYPE_CHECKING:
    from .cancel import CancelToken

BodyKind: TypeAlias = Literal["json", "form", "multipart", "text", "binary"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e]*")
_VARIABLE = re.compile(r"{([^{}]*)}")
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "QUERY"})
_DOTS = ("", ".", "..")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call of the API, as the specification has it.

    `credentials` lists alternatives of client options that go together.
    `idempotency`: `key` when the call takes an idempotency key, `natural` when
    repeating it does no harm. `unfinished`: the query parameter, and its value, that
    ask for what there is, so that the stream may close before its terminal event.
    """

    method: str
    path: str
    accept: str = "application/json"
    body: BodyKind = "json"
    content_type: str = "application/json"
    credentials: tuple[tuple[str, ...], ...] = ()
    idempotency: Literal["key", "natural", "none"] = "none"
    unfinished: tuple[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class Arguments:
    """What a caller passed to an operation, by place."""

    path: Mapping[str, Any] = field(default_factory=dict[str, Any])
    query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    headers: Mapping[str, Any] = field(default_factory=dict[str, Any])
    cookies: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: Any = None


class Part(NamedTuple):
    """A part of a multipart body."""

    name: str
    filename: str | None
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request ready to send; an attempt adds only its number and its timeouts."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)
    timeouts: Timeouts
    max_attempts: int
    repeatable: bool
    attempt_header: str | None
    cancel: CancelToken | None = None

    def attempt(self, number: int) -> dict[str, str]:
        """Give the headers of the attempt of that number."""
        if self.attempt_header is None:
            return dict(self.headers)
        return {**self.headers, self.attempt_header: str(number)}


class RequestBuilder:
    """Makes requests from a client's settings; sync and async clients share it."""

    def __init__(self, product: Product, options: ClientOptions) -> None:
        self.product = product
        self.options = options
        self._credentials = {each.option: each for each in product.credentials}
        self._headers = self._client_headers()
        self.stream_limits = options.stream_limits

    def build(
        self,
        operation: Operation,
        arguments: Arguments,
        options: RequestOptions | None = None,
    ) -> Request:
        """Make the request of a call; all its attempts share it."""
        options = options or {}
        query = {**arguments.query, **options.get("query", {})}
        extra = options.get("extra_body")
        content, content_type = encode_body(operation, arguments.body, extra)
        headers = self._own_headers(operation, content_type, query, options)
        headers = overlaid(headers, self.options.headers)
        headers |= _header_texts(arguments.headers)
        if arguments.cookies:
            headers["cookie"] = _cookies(arguments.cookies)
        headers |= self._mapped_headers(cast("Mapping[str, Any]", options))
        headers = overlaid(headers, options.get("headers", {}))
        _check_headers(headers)
        path = _path(operation, arguments.path)
        return Request(
            method=operation.method,
            url=f"{self.options.base_url}{path}{_query(query)}",
            headers=headers,
            content=content,
            timeouts=changed(self.options.timeouts, options.get("timeouts")),
            max_attempts=options.get("max_attempts", self.options.max_attempts),
            repeatable=operation.idempotency != "none"
            or operation.method in _IDEMPOTENT,
            attempt_header=self.product.attempt_header,
            cancel=options.get("cancel"),
        )

    def _own_headers(
        self,
        operation: Operation,
        content_type: str | None,
        query: dict[str, Any],
        options: RequestOptions,
    ) -> dict[str, str]:
        """Give the headers that any setting of the caller's replaces."""
        headers = {**self._headers, "accept": operation.accept}
        if content_type is not None:
            headers["content-type"] = content_type
        self._authorize(operation, headers, query)
        key, name = options.get("idempotency_key"), self.product.idempotency_header
        if name is not None and (key or operation.idempotency == "key"):
            headers[name.lower()] = key or uuid.uuid4().hex
        return headers

    def _client_headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        if self.options.platform_headers:
            headers["user-agent"] = self.product.user_agent
            if self.product.sdk_header is not None:
                headers[self.product.sdk_header.lower()] = self.product.sdk
        return headers | self._mapped_headers(self.options.header_maps)

    def _mapped_headers(self, options: Mapping[str, Any]) -> dict[str, str]:
        return {
            target.header(name).lower(): value
            for target in self.product.header_maps
            for name, value in options.get(target.option, {}).items()
        }

    def _authorize(
        self, operation: Operation, headers: dict[str, str], query: dict[str, Any]
    ) -> None:
        """Add the first alternative of credentials that the client has whole."""
        secrets = self.options.secrets
        for alternative in operation.credentials:
            if all(option in secrets for option in alternative):
                for option in alternative:
                    credential = self._credentials[option]
                    _place(credential, secrets[option], headers, query)
                return


def _check_headers(headers: Mapping[str, str]) -> None:
    """Refuse what would break out of its header; a value is never shown."""
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise ConfigurationError("a header's name is no token")
        if not _FIELD_VALUE.fullmatch(value):
            raise ConfigurationError(f"the value of {name} is no text of a header")


def overlaid(
    headers: Mapping[str, str], over: Mapping[str, str | None]
) -> dict[str, str]:
    """Give the headers with others laid over them; None takes one away."""
    merged: dict[str, str | None] = {**headers}
    merged |= {name.lower(): value for name, value in over.items()}
    return {name: value for name, value in merged.items() if value is not None}


def with_query(request: Request, extra: Mapping[str, Any]) -> Request:
    """Give the request with further query parameters."""
    joint = "&" if "?" in request.url else "?"
    return replace(request, url=request.url + joint + urlencode(extra))


def _place(
    credential: Credential,
    secret: str,
    headers: dict[str, str],
    query: dict[str, Any],
) -> None:
    match credential.place:
        case "bearer":
            headers["authorization"] = f"Bearer {secret}"
        case "basic":
            token = base64.b64encode(secret.encode()).decode()
            headers["authorization"] = f"Basic {token}"
        case "header":
            headers[credential.name.lower()] = secret
        case "query":
            query[credential.name] = secret
        case "cookie":
            headers["cookie"] = _cookies({credential.name: secret})


def _path(operation: Operation, values: Mapping[str, Any]) -> str:
    def filled(match: re.Match[str]) -> str:
        text = _text(values[match[1]])
        if text in _DOTS:
            raise ConfigurationError(
                f"{match[1]} cannot be {text!r}: it would change the path"
            )
        return quote(text, safe="")

    return _VARIABLE.sub(filled, operation.path)


def _query(values: Mapping[str, Any]) -> str:
    pairs = [pair for name, value in values.items() for pair in _pairs(name, value)]
    return "?" + urlencode(pairs, quote_via=quote) if pairs else ""


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Spread a value over the query: one pair an item, none for None."""
    if value is None:
        return
    if is_object(value):
        for key, item in value.items():
            yield from _pairs(key, item)
    elif is_list(value):
        for item in value:
            yield name, _text(item)
    else:
        yield name, _text(value)


def joined(values: Iterable[Any] | None, separator: str = ",") -> str | None:
    """Write a list as one parameter value."""
    return None if values is None else separator.join(map(_text, values))


def deep_object(name: str, value: Any) -> dict[str, Any]:
    """Write an object or a list as parameters called `name[property]`."""
    if is_object(value):
        members = list(value.items())
    elif is_list(value):
        members = [(str(place), item) for place, item in enumerate(value)]
    else:
        return {name: value}
    found: dict[str, Any] = {}
    for key, item in members:
        found |= deep_object(f"{name}[{key}]", item)
    return found


def _header_texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        name.lower(): _text(value)
        for name, value in values.items()
        if value is not None
    }


def _cookies(values: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{name}={quote(_text(value), safe='')}"
        for name, value in values.items()
        if value is not None
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def encode_body(
    operation: Operation, body: Any, extra: Mapping[str, Any] | None
) -> tuple[bytes | None, str | None]:
    """Give the body's bytes and its media type; None twice when there is none."""
    if extra:
        body = dict(body or {}) | dict(extra)
    if body is None:
        return None, None
    match operation.body:
        case "json":
            return encode_json(body), operation.content_type
        case "form":
            return _query(body).removeprefix("?").encode(), operation.content_type
        case "multipart":
            return _multipart(body)
        case "text":
            return str(body).encode(), operation.content_type
        case "binary":
            return bytes(body), operation.content_type


def encode_json(body: Any) -> bytes:
    """Write a body as compact JSON; received models go out as they came in."""
    text = json.dumps(
        body,
        default=_plain_value,
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
    )
    return text.encode()


def _plain_value(value: Any) -> Any:
    from pydantic import BaseModel

    from .models import Unknown

    match value:
        case BaseModel():
            return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
        case Unknown():
            return value.raw
        case datetime() | date():
            return value.isoformat()
        case uuid.UUID():
            return str(value)
        case Decimal():
            return float(value)
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return _plain_container(value)


def _plain_container(value: Any) -> Any:
    if is_object(value):
        return dict(value)
    if is_list(value):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _multipart(body: Mapping[str, Any]) -> tuple[bytes, str]:
    boundary = uuid.uuid4().hex
    lines: list[bytes] = []
    for part in _parts(body):
        head = f'form-data; name="{_quoted(part.name)}"'
        if part.filename is not None:
            head += f'; filename="{_quoted(part.filename)}"'
        lines += [
            f"--{boundary}".encode(),
            f"Content-Disposition: {head}".encode(),
            b"",
            part.content,
        ]
    lines += [f"--{boundary}--".encode(), b""]
    return b"\r\n".join(lines), f"multipart/form-data; boundary={boundary}"


def _parts(body: Mapping[str, Any]) -> Iterator[Part]:
    for name, value in body.items():
        match value:
            case None:
                continue
            case bytes():
                yield Part(name, name, value)
            case str() | int() | float():
                yield Part(name, None, _text(value).encode())
            case _:
                yield Part(name, None, encode_json(value))


def _quoted(text: str) -> str:
    """Escape a name inside a part's header (WHATWG, multipart/form-data)."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
