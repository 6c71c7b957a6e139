"""Real providers' wire formats, spoken to loopback servers that check what they get."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from headgate_gateway.providers.manifest import load_manifests
from tests.gateway.client import Client, breaches, message
from tests.gateway.provider_streams import (
    ANTHROPIC,
    GEMINI,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    WHOLE,
)
from tests.gateway.upstreams import Upstream, running_upstream
from tests.gateway_process import running_gateway

KEY = "sk-upstream-canary"
STREAMS = {
    "openai-chat": (OPENAI_CHAT, False),
    "anthropic-messages": (ANTHROPIC, True),
    "gemini": (GEMINI, False),
    "openai-responses": (OPENAI_RESPONSES, True),
}
MANIFESTS = {manifest.id: manifest for manifest in load_manifests({})}
ONE_A_DIALECT = ["openai", "anthropic", "gemini", "openai-responses"]
TOOL = {"type": "function", "name": "f", "input_schema": {"type": "object"}}


@dataclass
class Bench:
    """A gateway whose providers are all one loopback server."""

    client: Client
    upstream: Upstream

    def answers(self, provider: str) -> None:
        """Let the upstream answer as this provider does."""
        frames, named = STREAMS[MANIFESTS[provider].dialect]
        self.upstream.streams(frames, named=named)

    def headers(self, provider: str) -> dict[str, str]:
        """The header with the caller's key for a provider."""
        return {MANIFESTS[provider].key_header: KEY}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder: Path = tmp_path_factory.mktemp("providers")
    with running_upstream() as upstream:
        urls = " ".join(f"{provider}={upstream.url}" for provider in MANIFESTS)
        settings = {"HEADGATE_GATEWAY_PROVIDER_URLS": urls}
        with running_gateway(folder, settings) as gateway:
            client = Client(gateway)
            yield Bench(client, upstream)
            client.close()


def ask(provider: str, **fields: Any) -> dict[str, Any]:
    return {**message(), "model": f"{provider}/some-model", "tools": [TOOL], **fields}


@pytest.mark.parametrize("provider", sorted(MANIFESTS))
def test_every_provider_answers(bench: Bench, provider: str):
    """Thought, text, parallel tool calls and usage come out alike from each of them."""
    bench.answers(provider)
    answer = bench.client.http.post(
        "/v1/messages", json=ask(provider), headers=bench.headers(provider)
    )

    assert answer.status_code == 200, answer.text
    body = answer.json()
    calls = [(b["name"], b["input"]) for b in body["content"] if "input" in b]
    assert [block["type"] for block in body["content"]] == [
        *("thinking", "text", "tool_use", "tool_use")
    ]
    assert body["content"][1]["text"] == "Looking."
    assert calls == [("f", {"a": 1}), ("g", {})]
    assert body["model"] == f"{provider}/some-model"
    assert body["stop_reason"] == "tool_use"
    usage = body["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (11, 7)
    assert usage["cache_read_tokens"] == 3


@pytest.mark.parametrize("provider", ONE_A_DIALECT)
def test_every_dialect_streams_in_order(bench: Bench, provider: str):
    """Whatever the provider's order, the stream keeps the rules of messages."""
    bench.answers(provider)
    body = ask(provider, stream=True)
    recording = bench.client.record(
        "POST", "/v1/messages", json=body, headers=bench.headers(provider)
    )

    assert breaches("message", recording, body) == []
    assert recording.types[-1] == "message_stop"


@pytest.mark.parametrize("provider", ONE_A_DIALECT)
def test_every_dialect_answers_in_one_piece(bench: Bench, provider: str):
    """Who asks for no stream gets what the stream adds up to, in one answer."""
    bench.answers(provider)
    streamed = bench.client.http.post(
        "/v1/messages", json=ask(provider), headers=bench.headers(provider)
    ).json()
    bench.upstream.answers(WHOLE[MANIFESTS[provider].dialect])
    whole = bench.client.http.post(
        "/v1/messages", json=ask(provider), headers=bench.headers(provider)
    ).json()
    asked = bench.upstream.asked[-1]

    assert {**whole, "id": streamed["id"]} == streamed
    assert "stream" not in asked.body
    assert asked.headers["accept"] == "application/json"


@pytest.mark.parametrize("provider", ONE_A_DIALECT)
def test_an_answer_in_one_piece_is_a_completion_too(bench: Bench, provider: str):
    """Who asks as OpenAI's clients do gets the same text, thought and calls."""
    bench.upstream.answers(WHOLE[MANIFESTS[provider].dialect])
    answer = bench.client.http.post(
        "/v1/chat/completions",
        json={"model": ask(provider)["model"], "messages": message()["messages"]},
        headers=bench.headers(provider),
    )
    [choice] = answer.json()["choices"]
    said = choice["message"]
    calls = [call["function"] for call in said["tool_calls"]]

    assert (said["content"], said["reasoning_content"]) == ("Looking.", "Hmm.")
    assert [call["name"] for call in calls] == ["f", "g"]
    assert [json.loads(call["arguments"]) for call in calls] == [{"a": 1}, {}]
    assert choice["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("provider", ONE_A_DIALECT)
@pytest.mark.parametrize("body", [{}, {"unlike": [1]}, {"choices": [{}]}])
def test_an_answer_without_an_end_is_an_error(bench: Bench, provider: str, body: Any):
    """An answer in one piece that says nothing of its end has failed."""
    bench.upstream.answers(body)
    answer = bench.client.http.post(
        "/v1/messages", json=ask(provider), headers=bench.headers(provider)
    )

    assert answer.status_code == 502, answer.text
    assert answer.json()["error"]["code"] == "upstream_failed"


@pytest.mark.parametrize("provider", ONE_A_DIALECT)
def test_the_key_goes_to_the_provider_alone(bench: Bench, provider: str):
    """The provider gets the key the way it wants it, and no credential of ours."""
    bench.answers(provider)
    bench.client.http.post(
        "/v1/messages", json=ask(provider), headers=bench.headers(provider)
    )
    sent = bench.upstream.asked[-1].headers
    auth = MANIFESTS[provider].auth

    assert sent[auth.header.lower()] == auth.value(KEY)
    assert [name for name in sent if name.startswith("x-provider-key")] == []
    assert bench.client.gateway.api_key not in "".join(sent.values())


def test_a_run_uses_the_callers_key_in_every_step(bench: Bench):
    """Each step of a run asks the provider with the key that came with the request."""
    bench.answers("openai")
    before = len(bench.upstream.asked)
    answer = bench.client.http.post(
        "/v1/runs",
        json={
            "request": {**message(), "model": "openai/gpt-4o"},
            "run": {"max_turns": 3},
        },
        headers=bench.headers("openai"),
    )
    asked = bench.upstream.asked[before:]

    assert answer.json()["result"]["stop_reason"] == "max_turns", answer.text
    assert [each.headers["authorization"] for each in asked] == [f"Bearer {KEY}"] * 3
    assert KEY not in answer.text


@pytest.mark.parametrize("provider", ONE_A_DIALECT)
def test_without_a_key_the_header_is_named(bench: Bench, provider: str):
    """A provider that needs a key is not called without one."""
    before = len(bench.upstream.asked)
    answer = bench.client.http.post("/v1/messages", json=ask(provider))
    error = answer.json()["error"]

    assert answer.status_code == 401
    assert (error["code"], error["param"]) == (
        "provider_key_missing",
        MANIFESTS[provider].key_header,
    )
    assert len(bench.upstream.asked) == before


@pytest.mark.parametrize(
    ("status", "expected", "code"),
    [
        (400, 400, "validation_failed"),
        (401, 401, "provider_key_rejected"),
        (402, 402, "quota_exceeded"),
        (404, 404, "model_not_found"),
        (413, 413, "payload_too_large"),
        (422, 400, "validation_failed"),
        (429, 429, "rate_limit_exceeded"),
        (500, 502, "upstream_failed"),
        (529, 503, "overloaded"),
    ],
)
def test_failures_are_told_in_our_own_words(
    bench: Bench, status: int, expected: int, code: str
):
    """An upstream's status becomes the gateway's code, Retry-After and all."""
    body = {"error": {"type": "some_error", "message": "No more today."}}
    bench.upstream.fails(status, body, **{"Retry-After": "9"})
    answer = bench.client.http.post(
        "/v1/messages", json=ask("openai"), headers=bench.headers("openai")
    )
    error = answer.json()["error"]

    assert (answer.status_code, error["code"]) == (expected, code)
    assert error["message"] == f"The provider answered {status}: No more today."
    assert error["details"] == {"upstream_status": status}
    assert answer.headers["Retry-After"] == "9"


def test_a_limit_that_no_wait_helps_with_is_no_rate(bench: Bench):
    """What has to be paid for first is not asked for again and again."""
    said = "You exceeded your current quota, check your plan and billing details."
    bench.upstream.fails(429, {"error": {"message": said}})
    answer = bench.client.http.post(
        "/v1/messages", json=ask("openai"), headers=bench.headers("openai")
    )
    error = answer.json()["error"]

    assert (answer.status_code, error["code"]) == (402, "quota_exceeded")
    assert (error["standard_code"], error["retryable"]) == ("E2002", False)


TRACE = f"00-{'a' * 32}-{'b' * 16}-01"


@pytest.mark.parametrize("fields", [{}, {"stream": True}])
def test_the_caller_s_trace_goes_on(bench: Bench, fields: dict[str, bool]):
    """The provider sees the same trace; what is no trace stays here."""
    frames, named = STREAMS["openai-chat"]
    bench.upstream.streams(frames, named=named)
    sent: list[tuple[str | None, str | None]] = []
    for parent in (TRACE, f"00-{'0' * 32}-{'b' * 16}-01"):
        trace = {"traceparent": parent, "tracestate": "vendor=1"}
        headers = {**bench.headers("openai"), **trace}
        body = {**ask("openai"), **fields}
        answer = bench.client.http.post("/v1/messages", json=body, headers=headers)
        assert answer.status_code == 200
        told = bench.upstream.asked[-1].headers
        sent.append((told.get("traceparent"), told.get("tracestate")))

    assert sent == [(TRACE, "vendor=1"), (None, None)]


@pytest.mark.parametrize("provider", ONE_A_DIALECT)
def test_an_answer_cut_off_is_an_error(bench: Bench, provider: str):
    """A provider that stops without its own end has failed."""
    frames, named = STREAMS[MANIFESTS[provider].dialect]
    bench.upstream.streams(frames[: len(frames) // 2], named=named)
    answer = bench.client.http.post(
        "/v1/messages", json=ask(provider), headers=bench.headers(provider)
    )

    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == "upstream_failed"


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("gpt-4o-2030", "openai"),
        ("o4-mini", "openai"),
        ("claude-opus-9", "anthropic"),
        ("gemini-9-pro", "gemini"),
        ("groq/llama-9", "groq"),
        ("openrouter/meta-llama/llama-9", "openrouter"),
    ],
)
def test_a_name_finds_its_provider(bench: Bench, name: str, provider: str):
    """Bare names go by their beginning, others by what stands before the slash."""
    bench.answers(provider)
    asked = {**ask(provider), "model": name}
    answer = bench.client.http.post(
        "/v1/messages", json=asked, headers=bench.headers(provider)
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["model"] == f"{provider}/{name.removeprefix(f'{provider}/')}"


@pytest.mark.parametrize("form", ["/v1/messages", "/v1/chat/completions"])
@pytest.mark.parametrize("name", ["模型", "a\nX-Other: b", "50%", "\x7f"])
def test_any_name_of_a_model_may_stand_in_a_header(bench: Bench, form: str, name: str):
    """What is not printable is percent-encoded: the answer is paid for already."""
    bench.answers("openai")
    body = {**message(), "model": f"openai/{name}"}
    answer = bench.client.http.post(form, json=body, headers=bench.headers("openai"))

    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Model"] == "openai/" + quote(name, safe=" :")


def test_an_unknown_name_is_404(bench: Bench):
    """A name that no rule knows means no model."""
    answer = bench.client.http.post("/v1/messages", json={**message(), "model": "who"})

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"


def test_the_chat_form_reaches_every_provider(bench: Bench):
    """A chat completion over another dialect has the chunks of the chat form."""
    for provider in ONE_A_DIALECT:
        bench.answers(provider)
        asked = {
            "model": f"{provider}/some-model",
            "stream": True,
            "messages": [{"role": "user", "content": "Hello"}],
        }
        recording = bench.client.record(
            "POST",
            "/v1/chat/completions",
            json=asked,
            headers=bench.headers(provider),
        )

        assert breaches("chat", recording, asked) == []
        assert recording.frames[-1].data == "[DONE]"


CONVERSATION: list[Any] = [
    {"role": "user", "content": "Look at this."},
    {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}}],
    },
    {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "c1", "content": "2"},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
            },
        ],
    },
]
ASKED: dict[str, Any] = {
    "openai": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Look at this."},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "f", "arguments": '{"a":1}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "2"},
        {
            "role": "user",
            "content": [
                {
                    "type": "image_url",
                    "image_url": {"url": "data:image/png;base64,AAAA"},
                }
            ],
        },
    ],
    "anthropic": CONVERSATION,
    "gemini": [
        {"role": "user", "parts": [{"text": "Look at this."}]},
        {
            "role": "model",
            "parts": [{"functionCall": {"name": "f", "args": {"a": 1}}}],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "f", "response": {"result": "2"}}},
                {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
            ],
        },
    ],
    "openai-responses": [
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "Look at this."}],
        },
        {
            "type": "function_call",
            "call_id": "c1",
            "name": "f",
            "arguments": '{"a":1}',
        },
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}
            ],
        },
        {"type": "function_call_output", "call_id": "c1", "output": "2"},
    ],
}
PLACES = {"gemini": "contents", "openai-responses": "input"}
PATHS = {
    "openai": "/chat/completions",
    "anthropic": "/v1/messages",
    "gemini": "/models/some-model:generateContent",
    "openai-responses": "/responses",
}


@pytest.mark.parametrize("provider", ONE_A_DIALECT)
def test_a_conversation_is_told_in_each_dialect(bench: Bench, provider: str):
    """Tool calls, their results and images arrive in the provider's own form."""
    bench.answers(provider)
    body = ask(provider, messages=CONVERSATION, system="Be brief.", temperature=0.5)
    bench.client.http.post("/v1/messages", json=body, headers=bench.headers(provider))
    asked = bench.upstream.asked[-1]

    assert asked.path == PATHS[provider]
    assert asked.body[PLACES.get(provider, "messages")] == ASKED[provider]


FAILED: dict[str, Any] = {
    "type": "tool_result",
    "tool_use_id": "c1",
    "is_error": True,
    "content": [
        {"type": "text", "text": "No paper."},
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
        },
    ],
}
SEEN = "data:image/png;base64,AAAA"
TOLD: dict[str, Any] = {
    "openai": [
        {"role": "tool", "tool_call_id": "c1", "content": "Error: No paper."},
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": SEEN}}],
        },
    ],
    "anthropic": [{"role": "user", "content": [FAILED]}],
    "gemini": [
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "f", "response": {"error": "No paper."}}},
                {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
            ],
        }
    ],
    "openai-responses": [
        {
            "type": "function_call_output",
            "call_id": "c1",
            "output": [
                {"type": "input_text", "text": "Error: No paper."},
                {"type": "input_image", "image_url": SEEN},
            ],
        }
    ],
}


@pytest.mark.parametrize("provider", ONE_A_DIALECT)
def test_nothing_of_a_tool_s_result_is_lost(bench: Bench, provider: str):
    """That it failed and what it shows arrive wherever the provider takes them."""
    bench.answers(provider)
    messages = [*CONVERSATION[:2], {"role": "user", "content": [FAILED]}]
    body = ask(provider, messages=messages)
    bench.client.http.post("/v1/messages", json=body, headers=bench.headers(provider))
    asked = bench.upstream.asked[-1].body[PLACES.get(provider, "messages")]

    assert asked[-len(TOLD[provider]) :] == TOLD[provider]


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("openai", {"seed": 7, "presence_penalty": 0.5, "reasoning_effort": "low"}),
        ("openai-responses", {"reasoning": {"effort": "low"}, "user": "u"}),
        ("gemini", {"generationConfig": {"seed": 7, "presencePenalty": 0.5}}),
    ],
)
def test_a_chat_s_own_settings_reach_who_has_them(
    bench: Bench, provider: str, expected: dict[str, Any]
):
    """Under the provider's own names."""
    bench.answers(provider)
    own = {"seed": 7, "presence_penalty": 0.5, "reasoning_effort": "low", "user": "u"}
    body = {
        "model": ask(provider)["model"],
        "messages": [{"role": "user", "content": "Hello"}],
        **own,
    }
    answer = bench.client.http.post(
        "/v1/chat/completions", json=body, headers=bench.headers(provider)
    )
    asked = bench.upstream.asked[-1].body

    assert answer.status_code == 200
    assert {name: asked[name] for name in expected} == expected
