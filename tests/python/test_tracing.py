"""Calls become OpenTelemetry spans, and their context goes along."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from headgate_sdk import APIConnectionError, Tracing
from tests.python.raw_server import RESET, STREAM_HEAD, answer, raw_server
from tests.python.samples import ASK, MESSAGE, message_body
from tests.python.twins import TWINS, Twin


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter: InMemorySpanExporter) -> Tracing:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Tracing(provider)


def create(client):
    return client.messages.create(**ASK)


def test_each_attempt_is_a_span(
    twin: Twin, tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    """Every attempt is a client span whose context the server gets."""
    scripts = [[answer(503, {})], [answer(200, MESSAGE)]]
    with raw_server(*scripts) as server:
        twin.call(server.url, create, interceptors=[tracing])

    first, second = exporter.get_finished_spans()
    assert [first.kind, second.kind] == [SpanKind.CLIENT] * 2
    statuses = [
        each.attributes["http.response.status_code"] for each in (first, second)
    ]
    assert statuses == [503, 200]
    assert second.attributes["http.request.resend_count"] == 1
    assert first.status.status_code == StatusCode.ERROR
    for span, request in zip((first, second), server.requests, strict=True):
        ids = f"{span.context.trace_id:032x}-{span.context.span_id:016x}"
        assert (
            request.headers["traceparent"] == f"00-{ids}-{span.context.trace_flags:02x}"
        )


def test_no_answer_ends_a_span_too(
    twin: Twin, tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    """A reset connection ends the span with what went wrong."""
    with raw_server([RESET]) as server, pytest.raises(APIConnectionError):
        twin.call(server.url, create, interceptors=[tracing], max_attempts=1)

    (span,) = exporter.get_finished_spans()
    assert span.attributes["error.type"] == "connection"


def test_a_span_holds_nothing_secret(
    twin: Twin, tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    """Neither key nor query nor body are told to whoever collects spans."""
    with raw_server([STREAM_HEAD, message_body("Hi")]) as server:
        twin.read(
            server.url,
            lambda c: c.messages.stream(**ASK, options={"query": {"token": "canary"}}),
            api_key="canary",
            interceptors=[tracing],
        )

    (span,) = exporter.get_finished_spans()
    assert span.attributes["url.path"] == "/v1/messages"
    assert "canary" not in span.to_json()
