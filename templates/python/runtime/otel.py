# Fixed runtime of a generated SDK: the same source in every package.
"""Calls as OpenTelemetry spans; needs the package's extra `otel`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from opentelemetry import propagate, trace
from opentelemetry.trace import Span, SpanKind, StatusCode, TracerProvider

from .errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    RequestCancelledError,
    SDKError,
)
from .interceptors import Attempt, Interceptor
from .models import HttpResponse

_PORTS = {"http": 80, "https": 443}


class Tracing(Interceptor):
    """Makes a client span of each attempt, and sends its W3C trace context with it.

    A span ends with the head of the answer. It holds no query, no header and no body.
    """

    def __init__(self, provider: TracerProvider | None = None) -> None:
        """Take a provider of one's own, or the global one."""
        name = __name__.partition("._runtime")[0]
        self._tracer = trace.get_tracer(name, tracer_provider=provider)

    def before_request(self, attempt: Attempt) -> None:
        """Begin a span and send its context along."""
        url = urlsplit(attempt.url)
        span = self._tracer.start_span(
            attempt.method,
            kind=SpanKind.CLIENT,
            attributes={
                "http.request.method": attempt.method,
                "http.request.resend_count": attempt.number - 1,
                "server.address": url.hostname or "",
                "server.port": url.port or _PORTS.get(url.scheme, 0),
                "url.path": url.path,
            },
        )
        attempt.kept[self] = span
        context = trace.set_span_in_context(span)
        propagate.inject(attempt.headers, context=context)

    def after_response(self, attempt: Attempt, response: HttpResponse) -> None:
        """End the span with the answer's status."""
        status = response.status_code
        span = self._span(attempt)
        span.set_attribute("http.response.status_code", status)
        if status >= 400:
            self._fail(span, str(status))
        span.end()

    def on_retry(self, attempt: Attempt, error: SDKError, delay: float) -> None:
        """End the span of an attempt that had no answer."""
        self._end(attempt, error)

    def on_error(self, attempt: Attempt, error: SDKError) -> None:
        """End the span of an attempt that had no answer."""
        self._end(attempt, error)

    def _span(self, attempt: Attempt) -> Span:
        span: Any = attempt.kept.get(self, trace.INVALID_SPAN)
        return span if isinstance(span, Span) else trace.INVALID_SPAN

    def _end(self, attempt: Attempt, error: SDKError) -> None:
        span = self._span(attempt)
        if span.is_recording():
            self._fail(span, _kind(error))
            span.end()

    def _fail(self, span: Span, kind: str) -> None:
        span.set_attribute("error.type", kind)
        span.set_status(StatusCode.ERROR)


def _kind(error: SDKError) -> str:
    if isinstance(error, APITimeoutError):
        return "timeout"
    if isinstance(error, RequestCancelledError):
        return "cancelled"
    if isinstance(error, APIConnectionError):
        return "connection"
    return str(error.status_code) if isinstance(error, APIError) else "_OTHER"
