"""Small valid events and answers of the API, for scripts."""

from __future__ import annotations

from typing import Any

from tests.python.raw_server import frame

USAGE = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "mock/echo",
    "content": [{"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": USAGE,
}
ERROR = {
    "type": "rate_limit_error",
    "code": "concurrent_limit_exceeded",
    "message": "Too many at once.",
    "param": None,
    "request_id": "req_error",
    "standard_code": "E2001",
    "retryable": True,
    "retry_after": 2,
    "details": {"current": 5, "max": 4, "hint": "Wait."},
}
ASK: Any = {"model": "mock/echo", "messages": [{"role": "user", "content": "Hi"}]}


def message_events(*texts: str) -> list[dict[str, Any]]:
    """The events of an answer that comes in those pieces of text."""
    shell = {**MESSAGE, "content": [], "stop_reason": None}
    block = {"type": "text", "text": ""}
    return [
        {"type": "message_start", "message": shell},
        {"type": "content_block_start", "index": 0, "content_block": block},
        *(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": text},
            }
            for text in texts
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": USAGE,
        },
        {"type": "message_stop"},
    ]


def message_body(*texts: str) -> bytes:
    """The whole body of a streamed answer."""
    return b"".join(map(frame, message_events(*texts)))


def run_event(number: int, **fields: Any) -> bytes:
    """A numbered event of a run; a `step_start` unless the fields say otherwise."""
    event = {
        "type": "step_start",
        "run_id": "run_1",
        "sequence_number": number,
        "created_at": "2026-11-21T00:00:00Z",
        "index": number,
        **fields,
    }
    return frame(event, id_=number)


def run_end(number: int) -> bytes:
    """The event that completes a run."""
    result = {
        "response": MESSAGE,
        "steps": [],
        "tool_call_count": 0,
        "turn_count": 1,
        "usage": USAGE,
        "stop_reason": "end_turn",
    }
    return run_event(number, type="run_complete", result=result)


def run_events(first: int, last: int) -> bytes:
    """The numbered events from one to another, none of them the last of the run."""
    return b"".join(run_event(number) for number in range(first, last + 1))


PING = frame({"type": "ping"})

COMPLETION = {
    "id": "chatcmpl_1",
    "object": "chat.completion",
    "created": 1,
    "model": "mock/echo",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hi.", "refusal": None},
            "finish_reason": "stop",
        }
    ],
}
