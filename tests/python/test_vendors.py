"""Vendors' own, unmodified clients, given out with our client's settings."""

from __future__ import annotations

import importlib.util

import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from headgate_sdk import AsyncHeadgate, Headgate
from tests.gateway_process import Gateway
from tests.python.raw_server import answer, raw_server
from tests.python.samples import MESSAGE

ASK = {"role": "user", "content": "Hello there"}
CHAT = {
    "id": "chatcmpl_1",
    "object": "chat.completion",
    "created": 1,
    "model": "mock/echo",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello"},
            "finish_reason": "stop",
        }
    ],
}


def test_openai_chats_with_the_gateway(gateway: Gateway) -> None:
    """The answer is the model's, whole and streamed."""
    client = Headgate(base_url=gateway.url, api_key=gateway.api_key)
    with client, client.openai() as openai:
        whole = openai.chat.completions.create(model="mock/echo", messages=[ASK])
        chunks = list(
            openai.chat.completions.create(
                model="mock/echo", messages=[ASK], stream=True
            )
        )

    said = whole.choices[0].message.content
    assert said is not None
    assert "Hello there" in said
    assert "".join(each.choices[0].delta.content or "" for each in chunks) == said


def test_anthropic_messages_with_the_gateway(gateway: Gateway) -> None:
    """The answer is the model's, whole and streamed."""
    client = Headgate(base_url=gateway.url, api_key=gateway.api_key)
    with client, client.anthropic() as anthropic:
        whole = anthropic.messages.create(
            model="mock/echo", messages=[ASK], max_tokens=64
        )
        with anthropic.messages.stream(
            model="mock/echo", messages=[ASK], max_tokens=64
        ) as stream:
            streamed = stream.get_final_message()

    assert whole.content[0].type == "text"
    assert "Hello there" in whole.content[0].text
    assert [each.text for each in streamed.content] == [whole.content[0].text]


async def test_async_clients_give_async_clients(gateway: Gateway) -> None:
    """Both vendors' async clients answer."""
    own = AsyncHeadgate(base_url=gateway.url, api_key=gateway.api_key)
    async with own, own.openai() as openai, own.anthropic() as anthropic:
        completion = await openai.chat.completions.create(
            model="mock/echo", messages=[ASK]
        )
        message = await anthropic.messages.create(
            model="mock/echo", messages=[ASK], max_tokens=64
        )

    assert (type(openai), type(anthropic)) == (AsyncOpenAI, AsyncAnthropic)
    assert completion.choices[0].finish_reason == "stop"
    assert message.stop_reason == "end_turn"


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_settings_go_along(vendor: str) -> None:
    """Key, provider keys, own headers, address and attempts are our client's."""
    body = CHAT if vendor == "openai" else MESSAGE
    with raw_server([answer(500, {})], [answer(200, body)]) as server:
        client = Headgate(
            base_url=f"{server.url}/below",
            api_key="hg_v1_of_a_test",
            provider_keys={"anthropic": "sk-ant-1"},
            default_headers={"x-team": "blue"},
            max_attempts=2,
        )
        if vendor == "openai":
            client.openai().chat.completions.create(model="m", messages=[ASK])
        else:
            client.anthropic().messages.create(model="m", messages=[ASK], max_tokens=1)

    first, second = server.requests
    assert first.target == second.target
    assert first.target.startswith("/below/v1/")
    assert second.headers["authorization"] == "Bearer hg_v1_of_a_test"
    assert second.headers["x-provider-key-anthropic"] == "sk-ant-1"
    assert second.headers["x-team"] == "blue"


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_a_missing_package_is_named(
    vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra, the error says what to install."""
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "headgate_sdk._runtime.foreign.find_spec",
        lambda name: None if name == vendor else found(name),
    )
    client = Headgate(base_url="http://127.0.0.1:1", api_key="k")

    with pytest.raises(ImportError, match=rf"headgate-sdk\[{vendor}\]"):
        getattr(client, vendor)()


def test_from_env_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client from the environment alone sends the key that is set there."""
    with raw_server([answer(200, MESSAGE)]) as server:
        monkeypatch.setenv("HEADGATE_BASE_URL", server.url)
        monkeypatch.setenv("HEADGATE_API_KEY", "hg_v1_of_the_environment")
        with Headgate.from_env() as client:
            client.messages.create(model="mock/echo", max_tokens=1, messages=[{**ASK}])

    (request,) = server.requests
    assert request.headers["authorization"] == "Bearer hg_v1_of_the_environment"
