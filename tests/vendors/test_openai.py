"""The real, unmodified `openai` package for Python works against the gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from tests.gateway.provider_streams import OPENAI_CHAT
from tests.vendors.bench import SAID, Bench, running_bench, script
from tests.vendors.caller import Caller

ADD: Any = {
    "type": "function",
    "function": {
        "name": "add",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}},
    },
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_bench(tmp_path_factory.mktemp("openai")) as running:
        yield running


@pytest.fixture(params=[OpenAI, AsyncOpenAI])
def caller(bench: Bench, request: pytest.FixtureRequest) -> Iterator[Caller]:
    made = Caller(
        request.param,
        asynchronous=request.param is AsyncOpenAI,
        base_url=f"{bench.gateway.url}/v1",
        api_key=bench.gateway.api_key,
        default_headers={"X-Provider-Key-OpenAI": "sk-canary"},
    )
    yield made
    made.close()


def chat(caller: Caller, **fields: Any) -> Any:
    """A completion, or a list of chunks when a stream is asked for."""
    asked = {"model": "mock/script", "messages": SAID, **fields}
    made = caller.run(lambda client: client.chat.completions.create(**asked))
    return caller.all_of(made) if fields.get("stream") else made


def test_a_completion(caller: Caller):
    """A whole answer is read with its text, its end and its usage."""
    answer = chat(caller, model="mock/echo")

    assert answer.object == "chat.completion"
    assert answer.model == "mock/echo"
    assert answer.choices[0].message.content == "Hello out there."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == (
        answer.usage.prompt_tokens + answer.usage.completion_tokens
    )
    assert answer._request_id


def test_a_stream(caller: Caller):
    """Chunks carry the text in pieces and, when asked for, the usage at the end."""
    chunks = chat(
        caller, model="mock/echo", stream=True, stream_options={"include_usage": True}
    )
    *pieces, last = chunks

    assert (
        "".join(c.choices[0].delta.content or "" for c in pieces) == SAID[0]["content"]
    )
    assert pieces[-1].choices[0].finish_reason == "stop"
    assert last.choices == []
    assert last.usage == chat(caller, model="mock/echo").usage


def test_several_answers(caller: Caller):
    """`n` answers come whole and side by side in a stream."""
    text = script({"text": "One of three."})
    whole = chat(caller, n=3, extra_body=text)
    chunks = chat(caller, n=3, stream=True, extra_body=text)
    streamed = ["", "", ""]
    for chunk in chunks:
        streamed[chunk.choices[0].index] += chunk.choices[0].delta.content or ""

    assert [choice.message.content for choice in whole.choices] == streamed
    assert streamed == ["One of three."] * 3


def test_tools(caller: Caller):
    """Calls come with their arguments; their results lead to the next answer."""
    turns = script(
        {"tools": [{"name": "add", "input": {"a": 1}}, {"name": "add", "input": {}}]},
        {"text": "Done."},
    )
    first = chat(caller, tools=[ADD], tool_choice="required", extra_body=turns)
    said = first.choices[0].message
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": "2"}
        for call in said.tool_calls
    ]
    second = chat(
        caller, messages=[*SAID, said, *results], tools=[ADD], extra_body=turns
    )

    assert first.choices[0].finish_reason == "tool_calls"
    assert [json.loads(c.function.arguments) for c in said.tool_calls] == [
        {"a": 1},
        {},
    ]
    assert second.choices[0].message.content == "Done."


def test_tools_in_a_stream(bench: Bench, caller: Caller):
    """The package's own accumulator puts streamed calls together."""
    turn = {"text": "I add.", "tools": [{"name": "add", "input": {"a": 1}}], "chunk": 2}
    fields: Any = {
        "model": "mock/script",
        "messages": SAID,
        "tools": [{**ADD, "function": {**ADD["function"], "strict": True}}],
        "extra_body": script(turn),
    }

    async def awaited(client: Any) -> Any:
        async with client.chat.completions.stream(**fields) as stream:
            return await stream.get_final_completion()

    def at_once(client: Any) -> Any:
        if isinstance(client, AsyncOpenAI):
            return awaited(client)
        with client.chat.completions.stream(**fields) as stream:
            return stream.get_final_completion()

    final = caller.run(at_once)
    [call] = final.choices[0].message.tool_calls

    assert final.choices[0].message.content == "I add."
    assert call.function.name == "add"
    assert call.function.parsed_arguments == {"a": 1}


class Tide(BaseModel):
    """What a structured answer is read as."""

    height: float
    rising: bool


def test_structured_output(caller: Caller):
    """`parse` sends a schema and reads the answer as the type."""
    written = json.dumps({"height": 1.5, "rising": True})
    answer = caller.run(
        lambda client: client.chat.completions.parse(
            model="mock/script",
            messages=SAID,
            response_format=Tide,
            extra_body=script({"text": written}),
        )
    )

    assert answer.choices[0].message.parsed == Tide(height=1.5, rising=True)


@pytest.mark.parametrize("encoding", [None, "float", "base64"])
def test_embeddings(caller: Caller, encoding: str | None):
    """Vectors are the same numbers, whichever way the package asks for them."""
    asked: dict[str, Any] = {"model": "mock/embed", "input": ["The tide.", "A boat."]}
    plain = caller.run(
        lambda client: client.embeddings.create(**asked, encoding_format="float")
    )
    fields = {} if encoding is None else {"encoding_format": encoding}
    made = caller.run(lambda client: client.embeddings.create(**asked, **fields))

    assert made.usage.prompt_tokens == 5
    assert len(made.data[0].embedding) == (
        len(plain.data[0].embedding) if encoding != "base64" else 1368
    )
    if encoding is None:
        assert made.data == plain.data


def test_models(caller: Caller):
    """Models are listed and looked up, also by ids with slashes."""
    listed = caller.run(lambda client: client.models.list())
    one = caller.run(lambda client: client.models.retrieve("mock/echo"))

    assert "mock/echo" in {model.id for model in listed.data}
    assert one.id == "mock/echo"
    assert one.owned_by == "headgate"


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"model": "no/such"}, openai.NotFoundError),
        ({"temperature": 9}, openai.BadRequestError),
        ({"extra_body": script({}, http={"status": 429})}, openai.RateLimitError),
        ({"extra_body": script({}, http={"status": 503})}, openai.InternalServerError),
        ({"model": "groq/any"}, openai.AuthenticationError),
    ],
)
def test_failures_are_the_packages_own(
    caller: Caller, fields: dict[str, Any], kind: type[openai.APIStatusError]
):
    """Each failure raises the class that the package has for it, code and all."""
    for stream in (False, True):
        with pytest.raises(kind) as raised:
            chat(caller, **fields, stream=stream)

        assert type(raised.value) is kind
        assert raised.value.code
        assert raised.value.request_id


def test_keys_are_checked(bench: Bench, caller: Caller):
    """A key that is unknown, and one for other models, are told apart."""
    project = bench.client.new_project(f"vendors {id(caller)}")
    key = bench.client.new_key(project, allowed_models=["openai/*"])
    unknown, limited = caller.again(api_key="hg_x"), caller.again(api_key=key["secret"])

    with pytest.raises(openai.AuthenticationError):
        chat(unknown)
    with pytest.raises(openai.PermissionDeniedError):
        chat(limited)


def test_a_failure_in_a_stream_is_raised(caller: Caller):
    """What fails after the first chunk is raised when it comes."""
    with pytest.raises(openai.APIError, match="reported an error"):
        chat(
            caller,
            stream=True,
            extra_body=script({"text": "Hello there."}, error_after=3),
        )


def test_retries(caller: Caller):
    """The package tries again by itself what the gateway says may be tried again."""
    twice = script({"text": "At last."}, http={"status": 503, "times": 1})
    twice["metadata"]["script"]["name"] = f"retries of {id(caller)}"
    answer = chat(caller.again(max_retries=2), extra_body=twice)

    assert answer.choices[0].message.content == "At last."


def test_timeouts(caller: Caller):
    """A provider that says nothing runs into the package's own time-out."""
    with pytest.raises(openai.APITimeoutError):
        chat(
            caller.again(timeout=0.3),
            extra_body=script({"text": "Hello there."}, stall_after=0),
        )


def test_leaving_a_stream_frees_the_upstream(bench: Bench, caller: Caller):
    """A stream that is closed lets go of the provider's connection."""
    bench.upstream.never_ends(OPENAI_CHAT[:4])
    stream = caller.run(
        lambda client: client.chat.completions.create(
            model="openai/gpt-4o", messages=SAID, stream=True
        )
    )
    caller.first(stream)

    assert bench.upstream.left.wait(10)


def test_a_provider_behind_the_gateway(bench: Bench, caller: Caller):
    """Thought, text, calls and usage come through from OpenAI's own wire."""
    bench.upstream.streams(OPENAI_CHAT)
    answer = chat(caller, model="gpt-4o", seed=7)
    said = answer.choices[0].message

    assert said.content == "Looking."
    assert [call.function.name for call in said.tool_calls] == ["f", "g"]
    assert answer.usage.prompt_tokens_details.cached_tokens == 3
    assert bench.upstream.asked[-1].headers["authorization"] == "Bearer sk-canary"
