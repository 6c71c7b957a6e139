# Fixed runtime of a generated SDK: the same source in every package.
"""The error tree's fixed part, and how an error body becomes one of its classes.

```
SDKError
├── ConfigurationError          a setting or an argument that no request can be made of
├── APIConnectionError          no answer: refused, reset, TLS
│   └── APITimeoutError         connect, first_byte, idle or total ran out
├── APIError                    the server said no (the specification adds classes)
├── ResponseDecodeError         an answer or event that is not what was promised
│   └── StreamLimitError        a line or event beyond the decoder's limits
├── WebhookVerificationError    a webhook that is not signed as it should be
├── StreamTruncatedError        a stream closed before its declared end
├── StreamGapError              an event is missing in a numbered stream
├── StreamForeignError          an event belongs to another stream
├── StreamClosedError           reading from a stream that the caller closed
└── RequestCancelledError       the call's token was cancelled
```
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, TypeVar

from .json_values import is_list, is_object

T = TypeVar("T")
TimeoutPhase: TypeAlias = Literal["connect", "first_byte", "idle", "total"]


class SDKError(Exception):
    """Everything that this package raises about the API derives from it."""


class ConfigurationError(SDKError, ValueError):
    """A setting or an argument is such that no request can be made of it."""


class APIConnectionError(SDKError):
    """The request got no answer, or its answer broke off.

    `connected` says whether the request may have reached the server.
    """

    def __init__(
        self, message: str, *, connected: bool, request_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.connected = connected
        self.request_id = request_id


class APITimeoutError(APIConnectionError):
    """One of the four timeouts ran out; `phase` names it."""

    def __init__(
        self, phase: TimeoutPhase, *, connected: bool, request_id: str | None = None
    ) -> None:
        super().__init__(
            f"the {phase} timeout ran out", connected=connected, request_id=request_id
        )
        self.phase: TimeoutPhase = phase


class ResponseDecodeError(SDKError):
    """What arrived is not what the specification promises; `raw` is its text.

    The message leaves the text out: it may hold what must not stand in a log.
    """

    def __init__(
        self,
        message: str,
        *,
        raw: str,
        request_id: str | None = None,
        last_event_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.raw = raw
        self.request_id = request_id
        self.last_event_id = last_event_id


class StreamLimitError(ResponseDecodeError):
    """A line or an event of a stream is longer than the decoder allows."""

    def __init__(self, what: Literal["line", "event"], limit: int) -> None:
        super().__init__(f"a stream's {what} is longer than {limit} bytes", raw="")
        self.what: Literal["line", "event"] = what
        self.limit = limit


class WebhookVerificationError(SDKError):
    """A request that is not, or no longer, provably the API's own."""


class _StreamStateError(SDKError):
    """Where a stream stood when it could not go on."""

    def __init__(
        self,
        message: str,
        *,
        request_id: str | None,
        last_event_id: str | None,
        events_seen: int,
    ) -> None:
        super().__init__(
            f"{message} (request {request_id}, last event {last_event_id}, "
            f"{events_seen} events seen)"
        )
        self.message = message
        self.request_id = request_id
        self.last_event_id = last_event_id
        self.events_seen = events_seen


class StreamTruncatedError(_StreamStateError):
    """The stream closed before the event that ends it.

    `last_event_id` is the cursor from which a resumable stream can go on.
    """


class StreamGapError(_StreamStateError):
    """A numbered stream skipped an event."""


class StreamForeignError(_StreamStateError):
    """An event belongs to another stream than the one that was asked for."""


class StreamClosedError(SDKError):
    """The stream was closed by its reader, so there is nothing more to read."""

    def __init__(self) -> None:
        super().__init__("the stream was closed before it ended")


class RequestCancelledError(SDKError):
    """The call's token was cancelled; `reason` is what was given to `cancel`."""

    def __init__(self, reason: object) -> None:
        told = "" if reason is None else f": {reason}"
        super().__init__(f"the request was cancelled{told}")
        self.reason = reason
        if isinstance(reason, BaseException):
            self.__cause__ = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is known about a refused call; the fields are those of `APIError`."""

    message: str
    status_code: int
    headers: Mapping[str, str]
    body: object
    type: str | None = None
    code: str | None = None
    param: str | None = None
    request_id: str | None = None
    retryable: bool | None = None
    retry_after: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    last_event_id: str | None = None


class APIError(SDKError):
    """The server refused the call, or ended a stream with an error event.

    `body` is the whole decoded body, or its text when it is no JSON; `content` are its
    bytes.
    """

    content: bytes = b""
    is_answer: bool = True
    """Whether the server answered so; else it follows from what it said otherwise."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.message = problem.message
        self.status_code = problem.status_code
        self.type = problem.type
        self.code = problem.code
        self.param = problem.param
        self.request_id = problem.request_id
        self.retryable = problem.retryable
        self.retry_after = problem.retry_after
        self.details = problem.details
        self.last_event_id = problem.last_event_id
        self.headers = problem.headers
        self.body = problem.body

    def __str__(self) -> str:
        parts = (f"{self.status_code}", self.type, self.code)
        text = f"{' '.join(part for part in parts if part)}: {self.message}"
        field = f' (field "{self.param}")' if self.param else ""
        request = f" (request {self.request_id})" if self.request_id else ""
        return f"{text}{field}{request}"

    def _text(self, name: str) -> str | None:
        return _typed(self.details.get(name), str)

    def _flag(self, name: str) -> bool | None:
        return _typed(self.details.get(name), bool)

    def _integer(self, name: str) -> int | None:
        number = self._number(name)
        return int(number) if number is not None and number == int(number) else None

    def _number(self, name: str) -> float | None:
        return _number_of(self.details.get(name))

    def _list(self, name: str) -> list[Any] | None:
        value = self.details.get(name)
        return list(value) if is_list(value) else None

    def _object(self, name: str) -> Mapping[str, Any] | None:
        value = self.details.get(name)
        return value if is_object(value) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFields:
    """Which property of the error object means what; None where it has none."""

    at: str | None = None
    type: str | None = None
    code: str | None = None
    message: str | None = None
    param: str | None = None
    request_id: str | None = None
    retryable: str | None = None
    retry_after: str | None = None
    details: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorTree:
    """Which class an error becomes: by its code, then its type, then the status.

    `show` takes secrets out of its message: a server may repeat what it was sent.
    """

    fields: ErrorFields
    by_code: Mapping[str, type[APIError]]
    by_type: Mapping[str, type[APIError]]
    by_status: Mapping[int, type[APIError]]
    show: Callable[[str], str] = str

    def showing(self, show: Callable[[str], str]) -> ErrorTree:
        """Give the same tree with messages as a client shows them."""
        return replace(self, show=show)

    def pick(
        self, *, code: str | None, type_: str | None, status: int
    ) -> type[APIError]:
        """Give the class for an error, `APIError` itself when none is declared."""
        return (
            self.by_code.get(code or "")
            or self.by_type.get(type_ or "")
            or self.by_status.get(status)
            or APIError
        )

    def refused(
        self,
        *,
        status: int,
        headers: Mapping[str, str],
        content: bytes,
        request_id: str | None,
        retry_after: float | None,
    ) -> APIError:
        """Make the error of an answer whose status says that the call failed."""
        body = readable(content)
        return self._make(
            _member(body, self.fields.at),
            fallback=f"the server answered with status {status}",
            body=body,
            status=status,
            headers=headers,
            request_id=request_id,
            retry_after=retry_after,
        )

    def streamed(
        self,
        error: object,
        *,
        status: int,
        headers: Mapping[str, str],
        request_id: str | None,
        last_event_id: str | None,
    ) -> APIError:
        """Make the error that an event of a stream carries."""
        return self._make(
            error,
            fallback="the stream ended with an error",
            body=error,
            status=status,
            headers=headers,
            request_id=request_id,
            last_event_id=last_event_id,
        )

    def _make(
        self,
        error: object,
        *,
        fallback: str,
        body: object,
        status: int,
        headers: Mapping[str, str],
        request_id: str | None,
        retry_after: float | None = None,
        last_event_id: str | None = None,
    ) -> APIError:
        names = self.fields
        code = _typed(_member(error, names.code), str) or None
        type_ = _typed(_member(error, names.type), str) or None
        problem = Problem(
            message=self.show(_typed(_member(error, names.message), str) or fallback),
            status_code=status,
            headers=headers,
            body=body,
            type=type_,
            code=code,
            param=_typed(_member(error, names.param), str) or None,
            request_id=_typed(_member(error, names.request_id), str) or request_id,
            retryable=_typed(_member(error, names.retryable), bool),
            retry_after=_first(
                retry_after, _seconds(_member(error, names.retry_after))
            ),
            details=as_object(_member(error, names.details)),
            last_event_id=last_event_id,
        )
        return self.pick(code=code, type_=type_, status=status)(problem)


def readable(content: bytes) -> object:
    """Read an answer's body: its JSON, or else its text."""
    from pydantic_core import from_json

    text = content.decode("utf-8", "replace")
    try:
        return from_json(text)
    except ValueError:
        return text


def _member(value: object, name: str | None) -> object:
    """Read a property; the whole value where no property is named `at`."""
    if name is None:
        return value if is_object(value) else None
    return as_object(value).get(name)


def as_object(value: object) -> Mapping[str, Any]:
    """Give a JSON object, an empty one for any other value."""
    return value if is_object(value) else {}


def _typed(value: object, kind: type[T]) -> T | None:
    return value if isinstance(value, kind) else None


def _number_of(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _seconds(value: object) -> float | None:
    number = _number_of(value)
    return number if number is not None and number >= 0 else None


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
