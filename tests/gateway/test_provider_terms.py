"""What providers say and want that is easily taken for something else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias, cast

import pytest

from headgate_gateway.dispatch.meter import Meter
from headgate_gateway.dispatch.usage import Used
from headgate_gateway.providers.dialects.failures import PLAIN, said_failure
from headgate_gateway.store import schema
from headgate_gateway.store.database import Database
from headgate_gateway.store.sums import UsageFilter, UsageSums
from headgate_gateway.store.usage import UsageRow, UsageStore
from tests.gateway.test_providers import TOOL, Bench, ask, bench

__all__ = ["bench"]

How: TypeAlias = dict[str, Any]
HOW: list[How] = [{}, {"stream": True}]
SAID = {"role": "user", "content": "Hi"}
FORM = {
    "type": "json_schema",
    "json_schema": {"strict": True, "schema": {"type": "object", "required": ["x"]}},
}


def chunk(delta: dict[str, Any], reason: str | None = None, **more: Any) -> Any:
    """A chunk of a chat completion."""
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {"object": "chat.completion.chunk", "choices": [choice], **more}


def post(bench: Bench, provider: str, path: str = "/v1/messages", **body: Any) -> Any:
    """The answer to a request with the caller's key for a provider."""
    asked = {"model": f"{provider}/some-model", "messages": [SAID], **body}
    headers = bench.headers(provider)
    return bench.client.http.post(path, json=asked, headers=headers, timeout=20)


def sent(bench: Bench, provider: str, **body: Any) -> Any:
    """What the provider is sent for a request."""
    bench.upstream.fails(400, {"error": {"message": "enough"}})
    post(bench, provider, **body)
    return bench.upstream.asked[-1].body


def state(bench: Bench, provider: str) -> str:
    """The breaker of a provider."""
    data = bench.client.http.get("/v1/health/upstreams").json()["data"]
    return next(one["circuit_state"] for one in data if one["provider"] == provider)


@pytest.mark.parametrize("how", HOW)
def test_a_call_that_a_bound_cut_off_opens_no_breaker(bench: Bench, how: How):
    """Whoever bounds answers too much keeps nobody else from the provider."""
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": '{"a": '}}
    bench.upstream.streams([chunk({"tool_calls": [call]}), chunk({}, "length")])
    fields: How = {"tools": [TOOL], "max_tokens": 9, **how}
    answers = [post(bench, "groq", **fields).text for _ in range(6)]

    assert all("output_validation_failed" in answer for answer in answers)
    assert state(bench, "groq") == "closed"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"code": "context_length_exceeded"}, "context_length_exceeded"),
        ({"code": "invalid_prompt"}, "validation_failed"),
        ({"code": "invalid_image_format"}, "validation_failed"),
        ({"status": "INVALID_ARGUMENT"}, "validation_failed"),
        ({"status": "RESOURCE_EXHAUSTED"}, "rate_limit_exceeded"),
        ({"status": "UNAVAILABLE"}, "overloaded"),
        ({"status": "DEADLINE_EXCEEDED"}, "upstream_timeout"),
        ({"status": "PERMISSION_DENIED"}, "provider_key_rejected"),
        ({"type": "server_error"}, "upstream_failed"),
        (
            {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8"},
            "context_length_exceeded",
        ),
    ],
)
def test_what_a_stream_says_has_failed(told: dict[str, str], code: str):
    """The caller's own faults are told as such, also where a stream tells them."""
    assert said_failure(told).code == code


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, "prompt is too long: 208310 tokens > 200000 maximum", "context_length"),
        (400, "The input token count (9) exceeds the maximum number", "context_length"),
        (400, "Your credit balance is too low to access the API", "quota_exceeded"),
        (400, "messages: at least one message is required", "validation_failed"),
    ],
)
def test_what_a_refusal_means(status: int, message: str, code: str):
    """The usual words of Anthropic and Gemini are understood."""
    body = json.dumps({"error": {"message": message}}).encode()

    assert PLAIN.failure(status, {}, body).code.startswith(code)


def test_a_failure_told_in_a_stream_opens_no_breaker(bench: Bench):
    """A prompt that is too long keeps nobody else from the provider."""
    error = {"code": "context_length_exceeded", "message": "too long"}
    frames: list[Any] = [
        {"type": "response.created", "response": {}},
        {"type": "response.failed", "response": {"error": error}},
    ]
    bench.upstream.streams(frames, named=True)
    answers = [post(bench, "openai-responses", stream=True) for _ in range(6)]

    assert "context_length_exceeded" in answers[-1].text
    assert state(bench, "openai-responses") == "closed"


@pytest.mark.parametrize("how", HOW)
def test_an_answer_refused_for_its_form_is_paid_for(bench: Bench, how: How):
    """What the provider says that it used counts, not what can be seen of it."""
    made = bench.client.new_key(bench.client.new_project(f"form {how}"))
    caller = Bench(bench.client.with_key(made["secret"]), bench.upstream)
    usage = {"prompt_tokens": 5000, "completion_tokens": 20000}
    frames = [chunk({"content": "{}"}), chunk({}, "stop", usage=usage)]
    bench.upstream.streams(frames)
    fields: How = {"output_format": FORM, **how}
    answer = post(caller, "openai", **fields)
    used = caller.client.http.get("/v1/usage").json()

    assert "output_validation_failed" in answer.text
    assert (used["input_tokens"], used["output_tokens"]) == (5000, 20000)


@pytest.mark.parametrize("count", [1 << 63, -1, 1.5, "12", True, None, [1]])
@pytest.mark.parametrize("provider", ["openai", "anthropic", "gemini"])
def test_counts_that_are_none_are_not_counted(
    bench: Bench, provider: str, count: object
):
    """Whatever a provider says of its usage, its answer is one, and can be kept."""
    answers: dict[str, Any] = {
        "openai": {
            "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}],
            "usage": {
                "prompt_tokens": count,
                "completion_tokens": 3,
                "prompt_tokens_details": {"cached_tokens": count},
            },
        },
        "anthropic": {
            "type": "message",
            "content": [{"type": "text", "text": "Hi"}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": count, "output_tokens": 3},
        },
        "gemini": {
            "candidates": [
                {"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}
            ],
            "usageMetadata": {"promptTokenCount": count, "candidatesTokenCount": 3},
        },
    }
    bench.upstream.answers(answers[provider])
    answer = post(bench, provider)
    told = bench.client.http.get("/v1/usage")

    assert answer.status_code == 200, answer.text
    assert type(answer.json()["usage"]["input_tokens"]) is int
    assert told.status_code == 200, told.text


async def test_a_row_that_no_store_holds_keeps_none_back(tmp_path: Path):
    """Those beside it are written, and the meter goes on."""
    database = Database(f"sqlite:///{tmp_path / 'usage.sqlite3'}")
    await schema.migrate(database)
    store = UsageStore(database)
    meter = Meter(store)
    for number in range(5):
        tokens = 1 << 63 if number == 2 else 10
        made: list[Any] = [number, tokens, *[None] * 5]
        meter.record(_Row(*made))
    done = await meter.flush()
    sums = await UsageSums(database).totals(UsageFilter())
    await database.close()

    assert done
    assert (sums["requests"], sums["input_tokens"]) == (4, 40)


class _Row(Used):
    """A use that knows nothing but the number of its row, and the row's tokens."""

    def row(self) -> UsageRow:
        name, tokens = f"usage_{self[0]}", cast("int", self[1])
        told = ("proj", None, "req", "messages.create", "openai", "m")
        return UsageRow(name, *told, tokens, 0, 0, None, "complete", 0, None)


@pytest.mark.parametrize("count", [1, 2])
def test_a_stream_that_is_not_understood_ends(bench: Bench, count: int):
    """Also where several answers are read side by side."""
    bench.upstream.streams([chunk({"content": {"what": "is this"}}), "[DONE]"])
    body = {"n": count, "stream": True}
    answer = post(bench, "openai", "/v1/chat/completions", **body)

    assert "that is no text" in answer.text
    assert "[DONE]" not in answer.text


@pytest.mark.parametrize("how", HOW)
def test_thoughts_in_parts_are_thoughts(bench: Bench, how: How):
    """Mistral's models that think give lists of parts for a text."""
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    parts = [thought, {"type": "text", "text": "Yes."}]
    if how:
        frames = [chunk({"content": parts}), chunk({"content": " No."}, "stop")]
        bench.upstream.streams([*frames, "[DONE]"])
    else:
        choice = {"message": {"content": parts}, "finish_reason": "stop"}
        bench.upstream.answers({"choices": [choice]})
    asked = {"model": "mistral/magistral-medium", "messages": [SAID], **how}
    headers = bench.headers("mistral")
    http = bench.client.http
    if how:
        told = bench.client.record("POST", "/v1/messages", json=asked, headers=headers)
        content = json.dumps([frame.data for frame in told.frames])
        assert told.types[-1] == "message_stop"
        assert "Hm." in content
        assert " No." in content
        return
    answer = http.post("/v1/messages", json=asked, headers=headers)

    assert answer.json()["content"] == [
        {"type": "thinking", "thinking": "Hm."},
        {"type": "text", "text": "Yes."},
    ]


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("openai", "max_completion_tokens"),
        ("groq", "max_completion_tokens"),
        ("mistral", "max_tokens"),
        ("deepseek", "max_tokens"),
        ("perplexity", "max_tokens"),
        ("together", "max_tokens"),
        ("fireworks", "max_tokens"),
    ],
)
def test_a_bound_has_the_provider_s_name(bench: Bench, provider: str, name: str):
    """Who does not know OpenAI's newer name refuses or ignores it."""
    body = sent(bench, provider, max_tokens=7)

    assert {key: body[key] for key in body if key.startswith("max")} == {name: 7}


def test_anthropic_is_asked_for_all_that_a_model_can_write(bench: Bench):
    """It wants a bound: the model's own, and never less than what may be thought."""
    known = sent(bench, "anthropic", model="anthropic/claude-sonnet-4-5")
    unknown = sent(bench, "anthropic", thinking={"budget_tokens": 10_000})
    bounded = sent(bench, "anthropic", max_tokens=5)

    assert known["max_tokens"] == 64_000
    assert unknown["max_tokens"] == 14_096
    assert bounded["max_tokens"] == 5


def test_anthropic_is_given_forms_that_it_takes(bench: Bench):
    """Closed objects where there is a schema; else an instruction."""
    inner = {"type": "object", "properties": {"b": {"type": "string"}}}
    schema = {
        "type": "object",
        "properties": {"type": inner, "list": {"type": "array", "items": inner}},
        "$defs": {"properties": inner},
        "anyOf": 5,
    }
    form = {"type": "json_schema", "json_schema": {"schema": schema}}
    asked = sent(bench, "anthropic", output_format=form)["output_config"]["format"]
    anyhow = sent(
        bench, "anthropic", output_format={"type": "json_object"}, system="Be brief."
    )

    closed = {**inner, "additionalProperties": False}
    assert asked["schema"] == {
        "type": "object",
        "properties": {"type": closed, "list": {"type": "array", "items": closed}},
        "$defs": {"properties": closed},
        "anyOf": 5,
        "additionalProperties": False,
    }
    assert "output_config" not in anyhow
    assert [part["text"] for part in anyhow["system"]] == [
        "Be brief.",
        "Answer with one JSON object and nothing else.",
    ]


def test_tools_are_strict_only_where_they_say_so(bench: Bench):
    """Left out, OpenAI's responses would take all of a tool's fields for required."""
    strict = {**TOOL, "name": "g", "strict": True}
    choice = {"type": "tool", "name": "f"}
    body = sent(bench, "openai-responses", tools=[TOOL, strict], tool_choice=choice)

    assert [tool["strict"] for tool in body["tools"]] == [False, True]
    assert body["tool_choice"] == {"type": "function", "name": "f"}


def test_files_keep_their_names(bench: Bench):
    """OpenAI's responses take no bytes without one."""
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="}
    block = {"type": "document", "source": source}
    said = {"role": "user", "content": [block, {**block, "filename": "a.pdf"}]}
    body = sent(bench, "openai-responses", messages=[said])

    names = [part["filename"] for part in body["input"][0]["content"]]
    assert names == ["document.pdf", "a.pdf"]


def test_the_usual_request_is_as_before(bench: Bench):
    """Whoever bounds, and has no form, sends what came."""
    body = sent(bench, "anthropic", **{**ask("anthropic"), "max_tokens": 9})

    assert body["max_tokens"] == 9
    assert "system" not in body
