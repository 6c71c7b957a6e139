# Fixed runtime of a generated SDK: the same source in every package.
"""From an operation and its arguments to the request that goes on the wire."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import unquote, urlencode, urljoin

from .bodies import BodyKind, PartShape, encode_body
from .errors import ConfigurationError
from .parameters import (
    SIMPLE,
    Style,
    cookie_text,
    header_text,
    path_text,
    query_text,
)
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
    from .decisions import PendingCall
    from .tokens import Grant

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e]*")
_VARIABLE = re.compile(r"{([^{}]*)}")
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "QUERY"})
_DOTS = ("", ".", "..")


def _no_styles() -> Mapping[tuple[str, str], Style]:
    return {}


def _no_parts() -> Mapping[str, PartShape]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call of the API, as the specification has it.

    `credentials` lists alternatives of client options that go together.
    `idempotency`: `key` when the call takes an idempotency key, `natural` when
    repeating it does no harm. `unfinished`: the query parameter, and its value, that
    ask for what there is, so that the stream may close before its terminal event.
    `styles` has the parameters, by place and name, that are not written in the usual
    way; `base_url` an address that this call alone has. A success says that its answer
    is not there yet by one of the statuses `pending`, or by the header
    `pending_header`. The failure of an `advisory` call is raised only where its caller
    is `strict`. `streamed_by`: the property of the body, and its value, that ask for a
    stream, and the method that gives it.
    """

    method: str
    path: str
    accept: str = "application/json"
    base_url: str | None = None
    styles: Mapping[tuple[str, str], Style] = field(default_factory=_no_styles)
    body: BodyKind = "json"
    content_type: str = "application/json"
    parts: Mapping[str, PartShape] = field(default_factory=_no_parts)
    credentials: tuple[tuple[str, ...], ...] = ()
    idempotency: Literal["key", "natural", "none"] = "none"
    unfinished: tuple[str, Any] | None = None
    pending: tuple[int, ...] = ()
    pending_header: str | None = None
    advisory: bool = False
    streamed_by: tuple[str, Any, str] | None = None


@dataclass(slots=True, kw_only=True)
class Arguments:
    """What a caller passed to an operation, by place."""

    path: Mapping[str, Any] = field(default_factory=dict[str, Any])
    query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    headers: Mapping[str, Any] = field(default_factory=dict[str, Any])
    cookies: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: Any = None


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
    grant: Grant | None = None
    pending: PendingCall | None = None

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
        pending, options = self._pending(operation, options or {})
        query = {**arguments.query, **options.get("query", {})}
        extra = options.get("extra_body")
        body = dict(arguments.body or {}) | dict(extra) if extra else arguments.body
        _check_whole(operation, body)
        content, content_type = encode_body(
            operation.body, operation.content_type, body, operation.parts
        )
        headers = self._own_headers(operation, content_type, query, options)
        headers = overlaid(headers, self.options.headers)
        headers |= _header_texts(operation, arguments.headers)
        if cookies := cookie_text(arguments.cookies, _styles_in(operation, "cookie")):
            own = headers.get("cookie")
            headers["cookie"] = f"{own}; {cookies}" if own else cookies
        headers |= self._mapped_headers(cast("Mapping[str, Any]", options))
        headers = overlaid(headers, options.get("headers", {}))
        # Blanks around a value are none of it (RFC 9110, 5.5), and what sends it would
        # refuse them in words that show it.
        headers = {name: value.strip(" \t") for name, value in headers.items()}
        _check_headers(headers)
        path = _path(operation, arguments.path)
        return Request(
            method=operation.method,
            url=_joined(self._address(operation) + path, _query(operation, query)),
            headers=headers,
            content=content,
            timeouts=changed(self.options.timeouts, options.get("timeouts")),
            max_attempts=options.get("max_attempts", self.options.max_attempts),
            repeatable=self._is_repeatable(operation, headers),
            attempt_header=self.product.attempt_header,
            cancel=options.get("cancel"),
            grant=None if "authorization" in headers else self._grant(operation),
            pending=pending,
        )

    def _is_repeatable(self, operation: Operation, headers: Mapping[str, str]) -> bool:
        """Say whether repeating a call does no harm: not without the key it takes."""
        if operation.method in _IDEMPOTENT or operation.idempotency == "natural":
            return True
        name = self.product.idempotency_header or ""
        return operation.idempotency == "key" and name.lower() in headers

    def _pending(
        self, operation: Operation, options: RequestOptions
    ) -> tuple[PendingCall | None, RequestOptions]:
        """Give what a call does whose answer may not be there yet, and its options."""
        rule = self.product.pending
        if rule is None or not (operation.pending or operation.pending_header):
            return None, options
        from .decisions import pending_call

        return pending_call(rule, operation, options, self.build)

    def _address(self, operation: Operation) -> str:
        """Give a call's own address, unless the caller set one for all calls."""
        options = self.options
        if operation.base_url is None or options.has_own_url:
            return options.base_url
        return operation.base_url

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

    def lasting_headers(self) -> dict[str, str]:
        """Give the headers of every call, the credentials' aside."""
        return overlaid(self._headers, self.options.headers)

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
        for option in self._alternative(operation):
            if option in secrets:
                _place(self._credentials[option], secrets[option], headers, query)

    def _alternative(self, operation: Operation) -> tuple[str, ...]:
        """Give the first alternative of credentials that the client has whole."""
        return next(
            (
                alternative
                for alternative in operation.credentials
                if all(map(self._is_held, alternative))
            ),
            (),
        )

    def _is_held(self, option: str) -> bool:
        secrets = self.options.secrets
        if option in secrets or option in self.options.refresh:
            return True
        has_client = "client_id" in secrets and "client_secret" in secrets
        return has_client and self._credentials[option].token_url is not None

    def _grant(self, operation: Operation) -> Grant | None:
        """Give what the token of a call is asked for with, if it needs one."""
        from .tokens import RefreshGrant, TokenGrant

        secrets, root = self.options.secrets, f"{self.options.base_url}/"
        for option in self._alternative(operation):
            credential = self._credentials[option]
            given = self.options.refresh.get(option)
            if given is not None and credential.refresh_url is not None:
                return RefreshGrant(
                    url=urljoin(root, credential.refresh_url), given=given
                )
            if option not in secrets and credential.token_url is not None:
                return TokenGrant(
                    url=urljoin(root, credential.token_url),
                    client_id=secrets["client_id"],
                    client_secret=secrets["client_secret"],
                    scopes=credential.scopes,
                )
        return None


def _check_whole(operation: Operation, body: Any) -> None:
    """Refuse to ask for a stream where the answer is read as one object."""
    if operation.streamed_by is None or not isinstance(body, Mapping):
        return
    name, value, method = operation.streamed_by
    if cast("Mapping[str, Any]", body).get(name) == value:
        raise ConfigurationError(
            f"this call gives one object; call {method}(...) for {name}={value!r}"
        )


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
            cookie = cookie_text({credential.name: secret}, {})
            own = headers.get("cookie")
            headers["cookie"] = f"{own}; {cookie}" if own else cookie


def _styles_in(operation: Operation, place: str) -> dict[str, Style]:
    return {
        name: style for (at, name), style in operation.styles.items() if at == place
    }


def _path(operation: Operation, values: Mapping[str, Any]) -> str:
    def filled(match: re.Match[str]) -> str:
        name = match[1]
        text = path_text(
            name, values[name], operation.styles.get(("path", name), SIMPLE)
        )
        if unquote(text) in _DOTS:
            raise ConfigurationError(
                f"{name} cannot be {unquote(text)!r}: it would change the path"
            )
        return text

    return _VARIABLE.sub(filled, operation.path)


def _query(operation: Operation, values: Mapping[str, Any]) -> str:
    return query_text(values, _styles_in(operation, "query"))


def _joined(address: str, query: str) -> str:
    """Put a query behind an address, which may have the beginning of one."""
    if not query:
        return address
    return f"{address}{'&' if '?' in address else '?'}{query}"


def _header_texts(operation: Operation, values: Mapping[str, Any]) -> dict[str, str]:
    styles = _styles_in(operation, "header")
    return {
        name.lower(): header_text(value, styles.get(name, SIMPLE))
        for name, value in values.items()
        if value is not None
    }
