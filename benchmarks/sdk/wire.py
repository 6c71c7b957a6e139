"""The bytes that every SDK decodes: one stream in OpenAI's form, one in Anthropic's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

EVENTS = 5000
"""Text events a stream; the few that begin and end it are not counted."""

PIECE = 16 * 1024
"""Bytes handed over at a time where there is no network."""

_WORDS = "The kettle began to sing before anyone had thought of tea . ".split(" ")
_MODEL = "example-model-1"


def chat_frames(events: int = EVENTS) -> Iterator[bytes]:
    """A chat completion, a frame a chunk, ended by its sentinel."""
    yield _chunk({"role": "assistant", "content": "", "refusal": None}, None)
    for number in range(events):
        yield _chunk({"content": _word(number)}, None)
    yield _chunk({}, "stop")
    yield b"data: [DONE]\n\n"


def message_frames(events: int = EVENTS) -> Iterator[bytes]:
    """An Anthropic message of one text block; it is also a message of the gateway."""
    usage = {"input_tokens": 12, "output_tokens": 1, "total_tokens": 13}
    message: dict[str, Any] = {
        "id": "msg_01J9ZC4M7W2Q5X8R1T6V3B0N",
        "type": "message",
        "role": "assistant",
        "model": _MODEL,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    block = {"type": "text", "text": ""}
    yield _event("message_start", message=message)
    yield _event("content_block_start", index=0, content_block=block)
    for number in range(events):
        delta = {"type": "text_delta", "text": _word(number)}
        yield _event("content_block_delta", index=0, delta=delta)
    yield _event("content_block_stop", index=0)
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    yield _event("message_delta", delta=end, usage=usage)
    yield _event("message_stop")


def chat_answer() -> dict[str, Any]:
    """A chat completion in one piece."""
    text = "".join(map(_word, range(40)))
    message = {"role": "assistant", "content": text, "refusal": None}
    usage = {"prompt_tokens": 12, "completion_tokens": 40, "total_tokens": 52}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {
        "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
        "object": "chat.completion",
        "created": 1741570283,
        "model": _MODEL,
        "choices": [choice],
        "usage": usage,
    }


def pieces(frames: Iterator[bytes], size: int = PIECE) -> list[bytes]:
    """The frames' bytes, cut without regard to where a frame ends."""
    body = b"".join(frames)
    return [body[start : start + size] for start in range(0, len(body), size)]


def _word(number: int) -> str:
    return " " + _WORDS[number % len(_WORDS)]


def _chunk(delta: dict[str, Any], reason: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    chunk = {
        "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
        "object": "chat.completion.chunk",
        "created": 1741570283,
        "model": _MODEL,
        "service_tier": "default",
        "system_fingerprint": "fp_fc9f1d7035",
        "choices": [choice],
    }
    return b"data: " + _json(chunk) + b"\n\n"


def _event(name: str, **fields: Any) -> bytes:
    data = _json({"type": name, **fields})
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
