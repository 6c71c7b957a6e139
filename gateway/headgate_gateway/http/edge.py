"""What surrounds every request: its id, its line in the log, errors as envelopes."""

import logging
import re
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headgate_gateway.audit.entry import Entry
from headgate_gateway.audit.facts import Facts
from headgate_gateway.audit.trail import AuditTrail
from headgate_gateway.clock import now_ms
from headgate_gateway.drain import Drain
from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer, error_answer, replaced
from headgate_gateway.http.request import WHOLE, IncomingRequest
from headgate_gateway.ids import new_id, new_span_id
from headgate_gateway.metrics import Metrics

_REQUEST_ID = re.compile(r"[\x21-\x7E]{1,128}")
_STATE = "headgate.request"
_LEFT = 499
"""The status where the caller left before there was one."""

_log = structlog.get_logger("headgate_gateway.access")


@dataclass(slots=True)
class RequestState:
    """What is known of a request so far."""

    request_id: str
    span_id: str
    request: Request
    added: dict[str, str]
    """Headers that take the place of the answer's own."""
    operation: str = "unknown"
    project_id: str | None = None
    key_id: str | None = None
    status: int = 0
    audited: bool = False
    """Whether the request gets an entry in the audit log."""
    facts: Facts = field(default_factory=Facts)


def state_of(scope: Scope) -> RequestState:
    """The state of the request that a scope belongs to."""
    state: RequestState = scope[_STATE]
    return state


class RequestEdge:
    """Gives each request an id, measures it, logs and audits it when it is over.

    What is raised before the first byte becomes an error envelope.
    """

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, drain: Drain, audit: AuditTrail
    ) -> None:
        self._app = app
        self._audit = audit
        self._drain = drain
        self._metrics = metrics
        self._log = structlog.get_logger("headgate_gateway.access").bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._audit.is_crowded:
            await self._audit.room()
        started, began = time.perf_counter(), now_ms()

        async def receive_and_keep() -> Message:
            message = await receive()
            if facts.keeps_bodies:
                facts.keep_request(message.get("body", b""))
            return message

        def send_with_id(message: Message) -> Awaitable[None]:
            kind = message["type"]
            if kind != "http.response.body":
                state.status = message["status"]
                state.added["X-Request-ID"] = state.request_id
                state.added["X-Span-ID"] = state.span_id
                if kind == WHOLE:
                    message["headers"] = message["headers"] | state.added
                else:
                    message["headers"] = replaced(message["headers"], state.added)
            if kind != "http.response.start" and facts.keeps_bodies:
                facts.keep_response(message.get("body", b""))
            return send(message)

        request = IncomingRequest(scope, receive_and_keep)
        state = scope[_STATE] = RequestState(
            _request_id(request), _span_id(request), request, {}
        )
        facts = state.facts

        try:
            with self._drain.answering:
                await self._app(scope, receive_and_keep, send_with_id)
        except Exception as error:  # noqa: BLE001 - the last boundary there is
            answer = _refusal(error, state)
            if answer is not None:
                await answer(scope, receive_and_keep, send_with_id)
        finally:
            seconds = time.perf_counter() - started
            self._record(scope, state, seconds)
            # The state knows the request and that its scope: it would all stay until
            # somebody looks for garbage.
            del scope[_STATE]
            if state.audited:
                self._audit.add(_entry(scope, state, seconds=seconds, began=began))

    def _record(self, scope: Scope, state: RequestState, seconds: float) -> None:
        self._metrics.answered(state.operation, state.status, seconds)
        if not self._log.is_enabled_for(logging.INFO):
            return
        self._log.info(
            "request",
            request_id=state.request_id,
            operation=state.operation,
            method=scope["method"],
            path=scope["path"],
            status=state.status,
            duration_ms=round(seconds * 1000, 3),
            project_id=state.project_id,
            key_id=state.key_id,
        )


def _refusal(error: Exception, state: RequestState) -> Answer | None:
    """The answer to a request that failed; after the first byte it just breaks off."""
    if isinstance(error, ClientDisconnect):
        state.status = state.status or _LEFT
        return None
    failure = _failure(error, state.request_id)
    state.facts.error_code = failure.code
    if state.status:
        return None
    state.added = {}
    return error_answer(failure, state.request_id)


def _failure(error: Exception, request_id: str) -> GatewayError:
    """What is told of an error; what nobody foresaw is in the log and not told."""
    match error:
        case GatewayError():
            return error
        case DBAPIError() | PoolTimeout() | OSError():
            _log.error("store_failed", request_id=request_id, exc_info=error)
            return GatewayError("overloaded", "The store does not answer.")
        case _:
            _log.error("request_broke", request_id=request_id, exc_info=error)
            return GatewayError("internal_error", "The gateway failed.")


def _entry(scope: Scope, state: RequestState, *, seconds: float, began: int) -> Entry:
    """What the audit log keeps."""
    return Entry(
        state.facts,
        state.request.headers,
        state.request_id,
        state.project_id or "",
        state.key_id,
        state.operation,
        scope["method"],
        scope["path"],
        state.status or _LEFT,
        state.span_id,
        round(seconds * 1000, 3),
        began,
    )


def _request_id(request: Request) -> str:
    given = request.headers.get("x-request-id")
    return given if given and _REQUEST_ID.fullmatch(given) else new_id("req")


def _span_id(request: Request) -> str:
    """The caller's name for this call, or a new one as W3C trace context has them."""
    given = request.headers.get("x-span-id")
    return given if given and _REQUEST_ID.fullmatch(given) else new_span_id()
