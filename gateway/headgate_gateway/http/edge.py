"""What surrounds every request: its id, its line in the log, errors as envelopes."""

import logging
import re
import time
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
from headgate_gateway.http.answers import error_answer, replaced
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
    operation: str = "unknown"
    project_id: str | None = None
    key_id: str | None = None
    status: int = 0
    audited: bool = False
    """Whether the request gets an entry in the audit log."""
    facts: Facts = field(default_factory=Facts)
    added: dict[str, str] = field(default_factory=dict[str, str])
    """Headers that take the place of the answer's own."""


def state_of(scope: Scope) -> RequestState:
    """The state of the request that a scope belongs to."""
    state: RequestState = scope[_STATE]
    return state


class RequestEdge:
    """Gives each request an id, measures it, logs and audits it when it is over."""

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

        async def send_with_id(message: Message) -> None:
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
            await send(message)

        request = IncomingRequest(scope, receive_and_keep)
        state = scope[_STATE] = RequestState(
            _request_id(request), _span_id(request), request
        )
        facts = state.facts

        try:
            with self._drain.answering:
                await self._app(scope, receive_and_keep, send_with_id)
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


class ErrorBoundary:
    """Turns what is raised before the first byte into an error envelope."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = state_of(scope)
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            state.status = state.status or 499
        except GatewayError as error:
            await self._answer(error, scope, receive, send)
        except (DBAPIError, PoolTimeout, OSError):
            _log.exception("store_failed", request_id=state.request_id)
            failure = GatewayError("overloaded", "The store does not answer.")
            await self._answer(failure, scope, receive, send)
        except Exception:  # noqa: BLE001 - the last boundary there is
            _log.exception("request_broke", request_id=state.request_id)
            failure = GatewayError("internal_error", "The gateway failed.")
            await self._answer(failure, scope, receive, send)

    @staticmethod
    async def _answer(
        error: GatewayError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send the envelope; after the first byte the body just breaks off."""
        state = state_of(scope)
        state.facts.error_code = error.code
        if not state.status:
            state.added = {}
            await error_answer(error, state.request_id)(scope, receive, send)


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
