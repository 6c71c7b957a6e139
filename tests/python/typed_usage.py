"""How programs use the SDK, written so that type checkers prove what they see."""

from __future__ import annotations

from typing import Any, assert_type

from headgate_sdk import (
    AsyncHeadgate,
    AsyncPage,
    AsyncRunStream,
    Headgate,
    Interceptor,
    Page,
    RateLimitError,
    RequestOptions,
    RunStream,
    Unknown,
    content,
    parse_output,
    tool_definition,
)
from headgate_sdk.types import (
    ContentBlockDeltaEvent,
    FunctionTool,
    Key,
    MessageParam,
    MessageRequest,
    MessageResponse,
    MessageStartEvent,
    RunCompleteEvent,
    RunResult,
    TextBlock,
    TextDelta,
    ToolUseBlock,
)


def show(event: MessageStartEvent) -> None:
    assert_type(event.message.id, str)


def blocking(client: Headgate) -> None:
    messages: list[MessageParam] = [{"role": "user", "content": "Hello"}]
    options: RequestOptions = {"timeouts": {"idle": 5}, "provider_keys": {"x": "y"}}
    message = client.messages.create(
        model="mock/echo", messages=messages, temperature=0.5, options=options
    )
    assert_type(message, MessageResponse)
    assert_type(message.usage.total_tokens, int)
    for block in message.content:
        if isinstance(block, TextBlock):
            assert_type(block.text, str)
        elif isinstance(block, Unknown):
            assert_type(block.raw, Any)

    request: MessageRequest = {"model": "mock/echo", "messages": messages}
    with client.messages.stream(**request) as stream:
        for event in stream:
            match event:
                case ContentBlockDeltaEvent(delta=TextDelta(text=text)):
                    assert_type(text, str)
                case _:
                    pass
            if event.type == "content_block_delta":
                assert_type(event, ContentBlockDeltaEvent)
                if event.delta.type == "text_delta":
                    assert_type(event.delta, TextDelta)
        assert_type(stream.final(), MessageResponse)

        for call in stream.tool_calls():
            assert_type(call, ToolUseBlock)
        stream.on("message_start", show).on("message_stop", print).until_done()
    assert_type(parse_output(message, int), int)
    content.tool_result("call_1", [content.text("Hi"), content.image(b"")])
    assert_type(tool_definition(blocking), FunctionTool)

    run = client.runs.stream(request={"model": "mock/echo", "messages": messages})
    assert_type(run, RunStream)
    for delta in run.text_deltas():
        assert_type(delta, str)
    assert_type(run.final(), RunResult)

    keys = client.admin.keys.list(limit=5)
    assert_type(keys, Page[Key])
    for key in keys:
        assert_type(key, Key)
    assert_type(keys.next_page(), Page[Key] | None)
    client.admin.projects.delete("proj_1", force=True)


async def awaiting(client: AsyncHeadgate) -> None:
    stream = client.runs.events("run_1", starting_after=3)
    assert_type(stream, AsyncRunStream)
    async with stream:
        async for event in stream:
            if event.type == "run_complete":
                assert_type(event, RunCompleteEvent)
        assert_type(await stream.final(), RunResult)
    page = await client.admin.keys.list()
    assert_type(page, AsyncPage[Key])
    async for key in client.admin.keys.list():
        assert_type(key, Key)


def refused(error: RateLimitError) -> None:
    assert_type(error.limit, int | None)
    assert_type(error.retry_after, float | None)


class Watch(Interceptor):
    """An interceptor overrides what it cares for."""

    def on_stream_event(self, event: Any) -> None:
        """See an event."""
