"""Each rule of the message stream is broken alone, and named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headgate.contract import Stream
from tests.contract_streams.recordings import (
    Event,
    answer,
    message,
    rules,
    text,
    thinking,
    tool,
    usage,
    violations,
)

PING = {"type": "ping"}
ERROR = {
    "type": "error",
    "error": {
        "type": "api_error",
        "code": "internal_error",
        "message": "It broke.",
        "param": None,
        "request_id": "req_1",
        "standard_code": "E3001",
        "retryable": True,
    },
}
CHUNK = {"type": "audio_chunk", "format": "mp3", "audio": "QUJD"}
SILENCE = {"type": "audio_unavailable", "reason": "budget", "message": "No more."}
WHOLE = message(thinking("Hm."), text("Hel", "lo"), tool("a", '{"q":', "1}"), tool("b"))
SHORT = message(text("Hello"))
WITH_IMAGE = (
    {"type": "image", "source": {"type": "url", "url": "https://example.org/i.png"}},
    [{"type": "text_delta", "text": "?"}],
)

GOOD: dict[str, list[Event]] = {
    "whole": WHOLE,
    "short": SHORT,
    "empty": message(),
    "pings": [SHORT[0], PING, *SHORT[1:3], PING, *SHORT[3:-1], PING, SHORT[-1]],
    "error at once": [SHORT[0], ERROR],
    "error in a block": [*SHORT[:3], ERROR],
    "audio": [SHORT[0], CHUNK, *SHORT[1:-1], {**CHUNK, "is_final": True}, SHORT[-1]],
    "audio ends early": [*SHORT[:2], CHUNK, SILENCE, *SHORT[2:]],
    "search by the provider": message(
        (
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
            [{"type": "input_json_delta", "partial_json": "{}"}],
        )
    ),
}


def changed(events: list[Event], at: int, **fields: object) -> list[Event]:
    return [*events[:at], {**events[at], **fields}, *events[at + 1 :]]


def stopped_for(reason: str, *blocks: tuple[Event, list[Event]]) -> list[Event]:
    return message(*blocks, stop=reason)


BAD_USAGE = {**usage(), "total_tokens": 8}
BROKEN: list[tuple[str, str, list[Event]]] = [
    ("M1", "starts with a block", SHORT[1:]),
    ("M1", "starts twice", [SHORT[0], *SHORT]),
    ("M1", "starts with an error", [ERROR]),
    (
        "M1",
        "starts with content",
        changed(SHORT, 0, message=answer([{"type": "text", "text": "x"}])),
    ),
    (
        "M2",
        "first index is 1",
        [{**e, "index": 1} if "index" in e else e for e in SHORT],
    ),
    ("M3", "delta of another block", changed(SHORT, 2, index=1)),
    ("M3", "stop of another block", changed(SHORT, 3, index=1)),
    ("M3", "delta outside a block", [SHORT[0], *SHORT[2:]]),
    ("M3", "block within a block", [*SHORT[:2], SHORT[1], *SHORT[2:]]),
    ("M4", "thinking in a text", message((text()[0], thinking("x")[1][:1]))),
    ("M4", "text in a tool", message((tool("a")[0], text("x")[1]))),
    ("M4", "delta of an image", message(WITH_IMAGE)),
    ("M5", "cut input", message(tool("a", '{"q":'))),
    ("M5", "input is a list", message(tool("a", "[1]"))),
    ("M6", "end inside a block", [*SHORT[:3], *SHORT[4:]]),
    ("M7", "tool_use without a tool", stopped_for("tool_use", text("x"))),
    ("M7", "tool without tool_use", stopped_for("end_turn", tool("a"))),
    ("M8", "no message_delta", [*SHORT[:4], SHORT[5]]),
    (
        "M8",
        "block after message_delta",
        [*SHORT[:5], SHORT[1]],
    ),
    ("M9", "no end", SHORT[:-1]),
    ("M9", "nothing at all", []),
    ("M9", "two ends", [*SHORT, SHORT[-1]]),
    ("M9", "error after the end", [*SHORT, ERROR]),
    ("M9", "ping after the end", [*SHORT, PING]),
    ("M10", "audio after its end", [SHORT[0], SILENCE, CHUNK, *SHORT[1:]]),
    ("M10", "two silences", [SHORT[0], SILENCE, SILENCE, *SHORT[1:]]),
    (
        "M10",
        "audio after the final chunk",
        [SHORT[0], {**CHUNK, "is_final": True}, CHUNK, *SHORT[1:]],
    ),
    ("M11", "wrong total", changed(SHORT, 4, usage=BAD_USAGE)),
    (
        "M11",
        "more cached than sent",
        changed(SHORT, 4, usage={**usage(), "cache_read_tokens": 4}),
    ),
    ("F6", "ping first", [PING, *SHORT]),
    ("S3", "unknown event", [SHORT[0], {"type": "news"}, *SHORT[1:]]),
    ("S3", "invalid event", changed(SHORT, 2, delta={"type": "text_delta"})),
    ("F2", "no type", [SHORT[0], {"kind": "ping"}, *SHORT[1:]]),
]


@pytest.mark.parametrize("events", GOOD.values(), ids=GOOD.keys())
def test_a_good_stream_breaks_nothing(
    message_stream: Stream, events: list[Event]
) -> None:
    """What keeps the rules is not complained about."""
    assert violations(message_stream, events) == []


@pytest.mark.parametrize(
    ("rule", "events"),
    [(rule, events) for rule, _, events in BROKEN],
    ids=[f"{rule}-{what}" for rule, what, _ in BROKEN],
)
def test_a_broken_rule_is_named(
    message_stream: Stream, rule: str, events: list[Event]
) -> None:
    """The stream breaks one rule and the checker names that one."""
    actual = violations(message_stream, events)
    # A stream that lost its order at its end is also one that never ended.
    names = {v.rule for v in actual if v.general != "S6"} or {v.rule for v in actual}

    assert names == {rule}


def test_every_rule_of_the_declaration_is_broken_somewhere(
    message_stream: Stream,
) -> None:
    """No rule of the declaration is without a stream that breaks it."""
    listed = {
        name
        for name, rule in message_stream.declaration.rules.items()
        if rule.invariant is None
    }

    assert listed <= {rule for rule, _, _ in BROKEN}


@pytest.mark.parametrize(
    ("voice", "expected"), [(None, {"M10"}), ({"output": {}}, set[str]())]
)
def test_audio_needs_to_be_asked_for(
    message_stream: Stream, voice: Event | None, expected: set[str]
) -> None:
    """A condition may look at the request that asked for the stream."""
    request = {"model": "mock/echo"} | ({} if voice is None else {"voice": voice})
    events = GOOD["audio"]

    actual: Callable[..., set[str]] = rules
    assert actual(message_stream, events, request) == expected
