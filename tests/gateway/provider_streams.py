"""One answer in each dialect: a thought, text, two tool calls, usage."""

from __future__ import annotations

from typing import Any

_ID = "chatcmpl-up"


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": _ID, "object": "chat.completion.chunk", "choices": [choice]}


def _call(index: int, **fields: Any) -> dict[str, Any]:
    return _chunk({"tool_calls": [{"index": index, **fields}]})


OPENAI_CHAT: list[Any] = [
    _chunk({"role": "assistant", "content": ""}),
    _chunk({"reasoning_content": "Hmm."}),
    _chunk({"content": "Look"}),
    _chunk({"content": "ing."}),
    _call(0, id="c1", type="function", function={"name": "f", "arguments": ""}),
    _call(1, id="c2", type="function", function={"name": "g", "arguments": ""}),
    _call(0, function={"arguments": '{"a":'}),
    _call(1, function={"arguments": "{}"}),
    _call(0, function={"arguments": "1}"}),
    _chunk({}, "tool_calls"),
    {
        "id": _ID,
        "choices": [],
        "usage": {
            "prompt_tokens": 11,
            "completion_tokens": 7,
            "total_tokens": 18,
            "prompt_tokens_details": {"cached_tokens": 3},
        },
    },
    "[DONE]",
]

ANTHROPIC: list[Any] = [
    {
        "type": "message_start",
        "message": {
            "id": "msg_up",
            "type": "message",
            "role": "assistant",
            "model": "up",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {
                "input_tokens": 8,
                "cache_read_input_tokens": 3,
                "output_tokens": 1,
            },
        },
    },
    {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "thinking", "thinking": "", "signature": ""},
    },
    {"type": "ping"},
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "thinking_delta", "thinking": "Hmm."},
    },
    {"type": "content_block_stop", "index": 0},
    {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "redacted_thinking", "data": "x"},
    },
    {"type": "content_block_stop", "index": 1},
    {
        "type": "content_block_start",
        "index": 2,
        "content_block": {"type": "text", "text": ""},
    },
    {
        "type": "content_block_delta",
        "index": 2,
        "delta": {"type": "text_delta", "text": "Looking."},
    },
    {"type": "content_block_stop", "index": 2},
    {
        "type": "content_block_start",
        "index": 3,
        "content_block": {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 3,
        "delta": {"type": "input_json_delta", "partial_json": '{"a":1}'},
    },
    {"type": "content_block_stop", "index": 3},
    {
        "type": "content_block_start",
        "index": 4,
        "content_block": {"type": "tool_use", "id": "c2", "name": "g", "input": {}},
    },
    {"type": "content_block_stop", "index": 4},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 7},
    },
    {"type": "message_stop"},
]


def _parts(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    content = {"role": "model", "parts": list(parts)}
    return {"candidates": [{"content": content, **fields}]}


GEMINI: list[Any] = [
    _parts({"text": "Hmm.", "thought": True}),
    _parts({"text": "Looking."}),
    _parts({"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}}),
    {
        **_parts(
            {"functionCall": {"id": "c2", "name": "g", "args": {}}},
            finishReason="STOP",
        ),
        "usageMetadata": {
            "promptTokenCount": 11,
            "candidatesTokenCount": 5,
            "thoughtsTokenCount": 2,
            "cachedContentTokenCount": 3,
        },
    },
]


def _event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **fields}


def _function(index: int, call_id: str, name: str) -> dict[str, Any]:
    item = {"type": "function_call", "call_id": call_id, "name": name, "arguments": ""}
    return _event("output_item.added", output_index=index, item=item)


OPENAI_RESPONSES: list[Any] = [
    _event("created", response={"id": "resp_up"}),
    _event("reasoning_summary_text.delta", output_index=0, delta="Hmm."),
    _event("output_text.delta", output_index=1, delta="Looking."),
    _function(2, "c1", "f"),
    _event("function_call_arguments.delta", output_index=2, delta='{"a":1}'),
    _function(3, "c2", "g"),
    _event("function_call_arguments.delta", output_index=3, delta="{}"),
    _event(
        "completed",
        response={
            "usage": {
                "input_tokens": 11,
                "output_tokens": 7,
                "input_tokens_details": {"cached_tokens": 3},
            }
        },
    ),
]


def _chat_call(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function}


def _item(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    return {
        "type": "function_call",
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
    }


WHOLE: dict[str, Any] = {
    "openai-chat": {
        "id": _ID,
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls",
                "message": {
                    "role": "assistant",
                    "content": "Looking.",
                    "refusal": None,
                    "reasoning_content": "Hmm.",
                    "tool_calls": [
                        _chat_call("c1", "f", '{"a":1}'),
                        _chat_call("c2", "g", "{}"),
                    ],
                },
            }
        ],
        "usage": OPENAI_CHAT[-2]["usage"],
    },
    "anthropic-messages": {
        "id": "msg_up",
        "type": "message",
        "role": "assistant",
        "model": "up",
        "content": [
            {"type": "thinking", "thinking": "Hmm.", "signature": ""},
            {"type": "redacted_thinking", "data": "x"},
            {"type": "text", "text": "Looking."},
            {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
            {"type": "tool_use", "id": "c2", "name": "g", "input": {}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 8, "cache_read_input_tokens": 3, "output_tokens": 7},
    },
    "gemini": {
        "candidates": [
            {
                "content": {
                    "role": "model",
                    "parts": [
                        part
                        for response in GEMINI
                        for part in response["candidates"][0]["content"]["parts"]
                    ],
                },
                "finishReason": "STOP",
            }
        ],
        "usageMetadata": GEMINI[-1]["usageMetadata"],
    },
    "openai-responses": {
        "id": "resp_up",
        "status": "completed",
        "output": [
            {
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": "Hmm."}],
            },
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "Looking."}],
            },
            _item("c1", "f", '{"a":1}'),
            _item("c2", "g", "{}"),
        ],
        "usage": OPENAI_RESPONSES[-1]["response"]["usage"],
    },
}
"""The same answer in one piece, by dialect."""
