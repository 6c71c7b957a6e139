"""Answers in JSON: asked for in each provider's words, checked where it is strict."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from headgate_gateway.providers.manifest import load_manifests
from tests.gateway.client import Client, message
from tests.gateway.provider_streams import (
    ANTHROPIC,
    GEMINI,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
)
from tests.gateway.upstreams import Upstream, running_upstream
from tests.gateway_process import running_gateway

SCHEMA = {
    "type": "object",
    "properties": {"height": {"type": "number"}},
    "required": ["height"],
    "additionalProperties": False,
}
STRICT = {"type": "json_schema", "json_schema": {"schema": SCHEMA, "strict": True}}
LOOSE = {"type": "json_schema", "json_schema": {"schema": SCHEMA}}


def says(text: str, format_: Any = STRICT, **turn: Any) -> dict[str, Any]:
    """A message whose answer is to be JSON and is this text."""
    script = {"turns": [{"text": text, "chunk": 3, **turn}]}
    return message(script, output_format=format_)


def test_an_answer_that_keeps_to_its_schema_is_given(client: Client):
    """What fits the schema comes as it was written."""
    answer = client.http.post("/v1/messages", json=says('{"height": 1.5}'))

    assert answer.status_code == 200, answer.text
    assert json.loads(answer.json()["content"][0]["text"]) == {"height": 1.5}


@pytest.mark.parametrize(
    "text", ["Calm.", "[]", '{"height": "1"}', '{"height": 1, "x": 2}', '{"height": 1']
)
def test_an_answer_that_does_not_is_the_providers_failure(client: Client, text: str):
    """Whole it is 502, in a stream the error takes the place of the end."""
    answer = client.http.post("/v1/messages", json=says(text))
    body = {**says(text), "stream": True}
    streamed = client.record("POST", "/v1/messages", json=body)
    chat = client.http.post(
        "/v1/chat/completions",
        json={
            "model": "mock/script",
            "messages": body["messages"],
            "metadata": body["metadata"],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "tide", "schema": SCHEMA, "strict": True},
            },
        },
    )

    assert (answer.status_code, chat.status_code) == (502, 502)
    assert answer.json()["error"]["code"] == "output_validation_failed"
    assert streamed.types[-1] == "error"
    assert streamed.of("error")[0]["error"]["code"] == "output_validation_failed"
    assert "message_delta" not in streamed.types


@pytest.mark.parametrize(
    "body",
    [
        says("Calm.", LOOSE),
        says("Calm.", {"type": "text"}),
        says('{"hei', stop_reason="max_tokens"),
        says("No.", stop_reason="refusal"),
    ],
)
def test_what_was_not_promised_is_not_checked(client: Client, body: dict[str, Any]):
    """Without `strict`, and where an answer was cut or refused, it comes as it is."""
    assert client.http.post("/v1/messages", json=body).status_code == 200


def test_any_object_is_an_object(client: Client):
    """`json_object` is checked to be one."""
    whole = client.http.post("/v1/messages", json=says("{}", {"type": "json_object"}))
    wrong = client.http.post("/v1/messages", json=says("[1]", {"type": "json_object"}))

    assert (whole.status_code, wrong.status_code) == (200, 502)


@pytest.mark.parametrize(
    "schema", [{"type": "sea"}, {"$ref": "http://127.0.0.1:9/schema"}, {"minimum": "1"}]
)
def test_a_schema_that_is_none_is_refused(client: Client, schema: dict[str, Any]):
    """Nothing is fetched, and no model is asked, for a schema of no use."""
    format_ = {"type": "json_schema", "json_schema": {"schema": schema, "strict": True}}
    answer = client.http.post("/v1/messages", json=says("{}", format_))

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == "output_format.json_schema.schema"


def test_the_echo_speaks_json(client: Client):
    """The mock gives an object where one is asked for."""
    body = message(output_format={"type": "json_object"})
    answer = client.http.post("/v1/messages", json=body).json()

    assert json.loads(answer["content"][0]["text"]) == {"echo": "Hello out there."}


WIRE: dict[str, Any] = {
    "openai": (
        OPENAI_CHAT,
        "response_format",
        {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": SCHEMA},
        },
    ),
    "openai-responses": (
        OPENAI_RESPONSES,
        "text",
        {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA}},
    ),
    "anthropic": (
        ANTHROPIC,
        "output_config",
        {"format": {"type": "json_schema", "schema": SCHEMA}},
    ),
    "gemini": (
        GEMINI,
        "generationConfig",
        {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA},
    ),
}


@pytest.fixture(scope="module")
def elsewhere(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Client, Upstream]]:
    """A gateway whose providers are all one loopback server."""
    with running_upstream() as upstream:
        manifests = load_manifests({})
        urls = " ".join(f"{each.id}={upstream.url}" for each in manifests)
        folder = tmp_path_factory.mktemp("structured")
        settings = {"HEADGATE_GATEWAY_PROVIDER_URLS": urls}
        with running_gateway(folder, settings) as gateway:
            client = Client(gateway)
            for manifest in manifests:
                client.http.headers[manifest.key_header] = "sk-canary"
            yield client, upstream
            client.close()


@pytest.mark.parametrize("provider", WIRE)
def test_every_dialect_asks_in_its_words(
    elsewhere: tuple[Client, Upstream], provider: str
):
    """The schema arrives where the provider looks for it."""
    client, upstream = elsewhere
    frames, place, expected = WIRE[provider]
    upstream.streams(frames, named=provider in ("anthropic", "openai-responses"))
    body = message(model=f"{provider}/any", output_format=LOOSE)
    answer = client.http.post("/v1/messages", json=body)

    assert answer.status_code == 200, answer.text
    assert upstream.asked[-1].body[place] == expected


def test_settings_of_chats_reach_providers_of_chats(
    elsewhere: tuple[Client, Upstream],
):
    """What messages have no word for goes on to a provider that has one."""
    client, upstream = elsewhere
    upstream.streams(OPENAI_CHAT)
    settings = {
        "seed": 7,
        "presence_penalty": 0.5,
        "frequency_penalty": -0.5,
        "reasoning_effort": "low",
        "user": "me",
    }
    said = [{"role": "user", "content": "Hello"}]
    answer = client.http.post(
        "/v1/chat/completions", json={"model": "gpt-4o", "messages": said, **settings}
    )
    asked = upstream.asked[-1].body

    assert answer.status_code == 200, answer.text
    assert {name: asked[name] for name in settings} == settings
