"""Streams in the shapes of the vendors' public APIs, small but whole.

Written from their public documentation; each is made of frames, and has a frame that
reports an error and one of a kind that nobody knows yet.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class VendorStream:
    """A whole stream, and two frames that may come in its middle."""

    frames: tuple[bytes, ...]
    error: bytes
    unknown: bytes


def _frame(payload: Any, event: str = "") -> bytes:
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {json.dumps(payload)}\n\n".encode()


def _chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": "chat-1", "object": "chat.completion.chunk", "created": 1}
    return _frame({**head, "model": "m", "choices": [choice]})


def _tagged(payload: dict[str, Any]) -> bytes:
    return _frame(payload, payload["type"])


_CHUNKS = (
    _chunk({"role": "assistant", "content": ""}),
    *(_chunk({"content": word}) for word in ("The ", "sea ", "is ", "calm.")),
    _chunk({}, "stop"),
    b"data: [DONE]\n\n",
)

_CHAT = VendorStream(
    frames=_CHUNKS,
    error=_frame({"error": {"message": "Overloaded", "type": "server_error"}}),
    unknown=_frame({"object": "brand.new", "detail": 1}),
)

_USAGE = {"input_tokens": 3, "output_tokens": 4}
_ANSWER = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m"}
_EMPTY = {"content": [], "stop_reason": None, "stop_sequence": None, "usage": _USAGE}
_END = {"stop_reason": "end_turn", "stop_sequence": None}

_ANTHROPIC = VendorStream(
    frames=tuple(
        _tagged(payload)
        for payload in (
            {"type": "message_start", "message": {**_ANSWER, **_EMPTY}},
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "text", "text": ""},
            },
            *(
                {
                    "type": "content_block_delta",
                    "index": 0,
                    "delta": {"type": "text_delta", "text": word},
                }
                for word in ("The ", "sea ", "is calm.")
            ),
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": _END, "usage": {"output_tokens": 4}},
            {"type": "message_stop"},
        )
    ),
    error=_tagged(
        {"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}}
    ),
    unknown=_tagged({"type": "brand_new", "detail": 1}),
)

_BEGUN = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}

_COHERE = VendorStream(
    frames=tuple(
        _tagged(payload)
        for payload in (
            {"type": "message-start", "id": "1", "delta": {"message": _BEGUN}},
            {
                "type": "content-start",
                "index": 0,
                "delta": {"message": {"content": {"type": "text", "text": ""}}},
            },
            *(
                {
                    "type": "content-delta",
                    "index": 0,
                    "delta": {"message": {"content": {"text": word}}},
                }
                for word in ("The ", "sea ", "is calm.")
            ),
            {"type": "content-end", "index": 0},
            {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}},
        )
    ),
    error=_frame({"message": "Overloaded"}, "error"),
    unknown=_tagged({"type": "brand-new", "detail": 1}),
)

STREAMS = {
    "openai": _CHAT,
    "anthropic": _ANTHROPIC,
    "cohere": _COHERE,
    "mistral": _CHAT,
}
