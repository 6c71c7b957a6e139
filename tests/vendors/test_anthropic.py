"""The real, unmodified `anthropic` package for Python works on `/v1/messages`.

As far as the two agree: tools say their `type`, and counting has a path of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic, AsyncAnthropic

from tests.gateway.provider_streams import ANTHROPIC
from tests.vendors.bench import SAID, Bench, running_bench, script
from tests.vendors.caller import Caller

ADD: Any = {"type": "function", "name": "add", "input_schema": {"type": "object"}}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_bench(tmp_path_factory.mktemp("anthropic")) as running:
        yield running


@pytest.fixture(params=[Anthropic, AsyncAnthropic])
def caller(bench: Bench, request: pytest.FixtureRequest) -> Iterator[Caller]:
    made = Caller(
        request.param,
        asynchronous=request.param is AsyncAnthropic,
        base_url=bench.gateway.url,
        api_key=bench.gateway.api_key,
        default_headers={"X-Provider-Key-Anthropic": "sk-canary"},
    )
    yield made
    made.close()


def ask(caller: Caller, **fields: Any) -> Any:
    """A message, or a list of events when a stream is asked for."""
    asked = {"model": "mock/script", "max_tokens": 1000, "messages": SAID, **fields}
    made = caller.run(lambda client: client.messages.create(**asked))
    return caller.all_of(made) if fields.get("stream") else made


def accumulated(caller: Caller, **fields: Any) -> Any:
    """The message that the package itself puts together from a stream."""
    asked = {"model": "mock/script", "max_tokens": 1000, "messages": SAID, **fields}

    async def awaited(client: Any) -> Any:
        async with client.messages.stream(**asked) as stream:
            return await stream.get_final_message()

    def at_once(client: Any) -> Any:
        if isinstance(client, AsyncAnthropic):
            return awaited(client)
        with client.messages.stream(**asked) as stream:
            return stream.get_final_message()

    return caller.run(at_once)


def test_a_message(caller: Caller):
    """A whole answer is read with its text, its end and its usage."""
    answer = ask(caller, model="mock/echo", system="Be brief.")

    assert answer.role == "assistant"
    assert answer.content[0].text == "Hello out there."
    assert answer.stop_reason == "end_turn"
    assert answer.usage.input_tokens > 0


def test_a_stream(caller: Caller):
    """Every event is of a type that the package knows, from first to last."""
    events = ask(caller, stream=True, extra_body=script({"text": "Word by word."}))

    assert events[0].type == "message_start"
    assert events[-1].type == "message_stop"
    assert (
        "".join(
            event.delta.text for event in events if event.type == "content_block_delta"
        )
        == "Word by word."
    )


def test_tokens_are_counted(caller: Caller):
    """By the path that the package asks at, before anything is sent to a model."""
    counted = caller.run(
        lambda client: client.messages.count_tokens(model="mock/echo", messages=SAID)
    )

    assert counted.input_tokens > 0


def test_the_packages_own_sum(caller: Caller):
    """What the package adds up is what the gateway answers whole."""
    turn = {
        "thinking": "Hm.",
        "signature": "c2ln",
        "text": "I add.",
        "tools": [{"id": "call_1", "name": "add", "input": {"a": 1}}],
        "chunk": 2,
    }
    fields: dict[str, Any] = {"tools": [ADD], "extra_body": script(turn)}
    whole, summed = ask(caller, **fields), accumulated(caller, **fields)

    assert [block.type for block in summed.content] == ["thinking", "text", "tool_use"]
    assert summed.content[0].signature == "c2ln"
    assert summed.content[2].input == {"a": 1}
    assert summed.stop_reason == whole.stop_reason == "tool_use"
    assert [b.to_dict() for b in summed.content] == [b.to_dict() for b in whole.content]


def test_tools(caller: Caller):
    """A tool's result leads to the next answer."""
    turns = script({"tools": [{"name": "add", "input": {"a": 1}}]}, {"text": "Done."})
    first = ask(caller, tools=[ADD], extra_body=turns)
    [call] = first.content
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "2"}
    asked = [
        *SAID,
        {
            "role": "assistant",
            "content": [
                {
                    "type": "tool_use",
                    "id": call.id,
                    "name": call.name,
                    "input": call.input,
                }
            ],
        },
        {"role": "user", "content": [result]},
    ]
    second = ask(caller, messages=asked, tools=[ADD], extra_body=turns)

    assert second.content[0].text == "Done."


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"model": "no/such"}, anthropic.NotFoundError),
        ({"max_tokens": 0}, anthropic.BadRequestError),
        ({"extra_body": script({}, http={"status": 429})}, anthropic.RateLimitError),
        (
            {"extra_body": script({}, http={"status": 500})},
            anthropic.InternalServerError,
        ),
        ({"model": "groq/any"}, anthropic.AuthenticationError),
    ],
)
def test_failures_are_the_packages_own(
    caller: Caller, fields: dict[str, Any], kind: type[anthropic.APIStatusError]
):
    """Each failure raises the class that the package has for its status."""
    for stream in (False, True):
        with pytest.raises(kind):
            ask(caller, **fields, stream=stream)


def test_a_failure_in_a_stream_is_raised(caller: Caller):
    """The `error` event raises in the package."""
    with pytest.raises(anthropic.APIStatusError, match="reported an error"):
        ask(
            caller,
            stream=True,
            extra_body=script({"text": "Hello there."}, error_after=3),
        )


def test_models(caller: Caller):
    """Models are listed and looked up."""
    listed = caller.run(lambda client: client.models.list())
    one = caller.run(lambda client: client.models.retrieve("mock/echo"))

    assert "mock/echo" in {model.id for model in listed.data}
    assert one.display_name == "Echo"


def test_leaving_a_stream_frees_the_upstream(bench: Bench, caller: Caller):
    """A stream that is closed lets go of the provider's connection."""
    bench.upstream.never_ends(ANTHROPIC[:5], named=True)
    stream = caller.run(
        lambda client: client.messages.create(
            model="anthropic/any", max_tokens=9, messages=SAID, stream=True
        )
    )
    caller.first(stream)

    assert bench.upstream.left.wait(10)


def test_a_provider_behind_the_gateway(bench: Bench, caller: Caller):
    """Anthropic's own wire comes through with its usage."""
    bench.upstream.streams(ANTHROPIC, named=True)
    answer = accumulated(caller, model="anthropic/any")

    assert [block.type for block in answer.content] == [
        *("thinking", "text", "tool_use", "tool_use")
    ]
    assert answer.usage.output_tokens == 7
    assert bench.upstream.asked[-1].headers["x-api-key"] == "sk-canary"
