"""Anthropic's messages, whose events are the gateway's own but for their edges."""

from collections.abc import Iterator
from typing import Any, cast

from headgate_gateway import events
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject, dump_text, object_at, objects_at
from headgate_gateway.providers.dialects.content import function_tools
from headgate_gateway.providers.dialects.failures import broken_off, said_failure
from headgate_gateway.providers.interface import ModelCall
from headgate_gateway.providers.structured import schema_of, wants_json
from headgate_gateway.providers.wire import parse_object

_SAME = ("system", "temperature", "top_p", "top_k", "stop_sequences")
_BLOCKS = frozenset(
    {"text", "thinking", "tool_use", "server_tool_use", "web_search_tool_result"}
)
_DELTAS = frozenset(
    {"text_delta", "thinking_delta", "signature_delta", "input_json_delta"}
)
_ENDING = frozenset({"stop_reason", "stop_sequence"})
_MESSAGE = frozenset({"id", "type", "role", "model", "content", "usage", *_ENDING})
"""The fields that are understood; others are kept as they came."""
_DEFAULT_MAX_TOKENS = 4096
"""The most that every model can write; a request has to say how much it may be."""
_SCHEMAS = frozenset({"items", "not", "additionalProperties"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED = frozenset({"properties", "$defs", "definitions"})
"""Where a schema holds others."""
_JSON: JsonObject = {
    "type": "text",
    "text": "Answer with one JSON object and nothing else.",
}


class AnthropicMessages:
    """``POST /v1/messages``."""

    def path(self, call: ModelCall) -> str:
        """The one path of the dialect."""
        return "/v1/messages"

    def body(self, call: ModelCall) -> JsonObject:
        """The request almost as it came."""
        request = call.request
        body: JsonObject = {
            "model": call.model,
            "messages": [_message(message) for message in call.messages],
            "max_tokens": call.max_tokens or _most(call),
            **{name: request[name] for name in _SAME if name in request},
        }
        if not call.whole:
            body["stream"] = True
        tools = function_tools(call)
        if tools:
            body["tools"] = [_tool(tool) for tool in tools]
        if tools and "tool_choice" in request:
            body["tool_choice"] = _tool_choice(request["tool_choice"])
        if wants_json(request):
            body |= _output(request)
        if "thinking" in request:
            body["thinking"] = {"type": "enabled", **request["thinking"]}
        return body

    def reading(self, model: str) -> "_Reading":
        """Understands the provider's events, and leaves out those that are not ours."""
        return _Reading(model)

    def answered(self, answer: JsonObject, *, model: str) -> Iterator[JsonObject]:
        """The events of a message: each block begins, comes whole and ends."""
        if answer.get("type") == "error":
            raise said_failure(answer.get("error"))
        if not answer.get("stop_reason"):
            raise broken_off()
        reading = self.reading(model)
        for event in _unfolded(answer):
            yield from reading.event(event)


class _Reading:
    """Which of the provider's blocks are passed on, under which index."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._indexes: dict[int, int] = {}
        self._asked: JsonObject = {}
        self._said: JsonObject = {}
        self.ended = False

    def frame(self, data: str) -> Iterator[JsonObject]:
        """What becomes of the event in one frame."""
        return self.event(parse_object(data))

    def end(self) -> Iterator[JsonObject]:
        """Nothing: the provider sends the last event of a message itself."""
        return iter(())

    def event(self, event: JsonObject) -> Iterator[JsonObject]:
        """What becomes of one event."""
        match event.get("type"):
            case "error":
                raise said_failure(event.get("error"))
            case "message_start":
                self._asked = event["message"].get("usage") or {}
                self._keep(event["message"], _MESSAGE)
                yield events.message_start(
                    message_id=new_id("msg"),
                    model=self._model,
                    usage=_usage(self._asked),
                )
            case "content_block_start":
                yield from self._start(event)
            case "content_block_delta":
                index = self._indexes.get(event["index"])
                if index is not None and event["delta"]["type"] in _DELTAS:
                    yield events.block_delta(index, event["delta"])
            case "content_block_stop":
                index = self._indexes.get(event["index"])
                if index is not None:
                    yield events.block_stop(index)
            case "message_delta":
                delta = event["delta"]
                self._keep(delta, _ENDING)
                yield events.message_delta(
                    delta.get("stop_reason") or "end_turn",
                    _usage({**self._asked, **(object_at(event, "usage"))}),
                    stop_sequence=delta.get("stop_sequence"),
                    said=self._said,
                )
            case "message_stop":
                self.ended = True
                yield events.message_stop()
            case _:
                pass

    def _keep(self, told: JsonObject, known: frozenset[str]) -> None:
        """Keep what is told in fields that are not known, as it came."""
        self._said |= {name: told[name] for name in told if name not in known}

    def _start(self, event: JsonObject) -> Iterator[JsonObject]:
        block = event["content_block"]
        if block["type"] not in _BLOCKS:
            self._said.setdefault("content", []).append(block)
            return
        index = self._indexes[event["index"]] = len(self._indexes)
        yield events.block_start(index, _begun(block))
        for delta in _said_at_once(block):
            yield events.block_delta(index, delta)


def _unfolded(message: JsonObject) -> Iterator[JsonObject]:
    """The provider's own events that fold to a message."""
    yield {"type": "message_start", "message": message}
    for index, block in enumerate(objects_at(message, "content")):
        place: JsonObject = {"index": index}
        yield {"type": "content_block_start", "content_block": block} | place
        for delta in _rest_of(block):
            yield {"type": "content_block_delta", "delta": delta} | place
        yield {"type": "content_block_stop"} | place
    yield {
        "type": "message_delta",
        "delta": {
            "stop_reason": message.get("stop_reason"),
            "stop_sequence": message.get("stop_sequence"),
        },
        "usage": object_at(message, "usage"),
    }
    yield {"type": "message_stop"}


def _rest_of(block: JsonObject) -> Iterator[JsonObject]:
    """What a whole block says that its beginning does not."""
    match block.get("type"):
        case "tool_use" | "server_tool_use":
            text = dump_text(block.get("input") or {})
            yield {"type": "input_json_delta", "partial_json": text}
        case "thinking" if block.get("signature"):
            yield {"type": "signature_delta", "signature": block["signature"]}
        case _:
            pass


def _said_at_once(block: JsonObject) -> Iterator[JsonObject]:
    """What a block says as it opens: who reads only deltas must not miss it."""
    match block:
        case {"type": "text", "text": str(text)} if text:
            yield {"type": "text_delta", "text": text}
        case {"type": "thinking", "thinking": str(text)} if text:
            yield {"type": "thinking_delta", "thinking": text}
        case _:
            pass


def _begun(block: JsonObject) -> JsonObject:
    """A block as it opens, empty and without what the gateway has no field for."""
    match block["type"]:
        case "text":
            return {"type": "text", "text": ""}
        case "thinking":
            return {"type": "thinking", "thinking": ""}
        case "tool_use" | "server_tool_use" as kind:
            return {"type": kind, "id": block["id"], "name": block["name"], "input": {}}
        case _:
            return block


def _usage(usage: JsonObject) -> JsonObject:
    """Anthropic counts tokens from the cache apart; the gateway counts them in."""
    told = events.counts_of(usage)
    read = told.get("cache_read_input_tokens", 0)
    written = told.get("cache_creation_input_tokens", 0)
    asked = told.get("input_tokens", 0) + read + written
    counted = events.usage_of(asked, told.get("output_tokens", 0))
    if read:
        counted["cache_read_tokens"] = read
    if written:
        counted["cache_write_tokens"] = written
    return counted


def _most(call: ModelCall) -> int:
    """What the model can write where the caller sets no bound, thoughts included."""
    thought = object_at(call.request, "thinking").get("budget_tokens", 0)
    return call.most_output or thought + _DEFAULT_MAX_TOKENS


def _output(request: JsonObject) -> JsonObject:
    """The form of the answer: a schema, or an instruction where there is none.

    The provider takes schemas only whose objects have no fields but those named.
    """
    if request["output_format"]["type"] == "json_object":
        said: Any = request.get("system") or []
        system = [{"type": "text", "text": said}] if isinstance(said, str) else said
        return {"system": [*system, _JSON]}
    format_ = {"type": "json_schema", "schema": _closed(schema_of(request))}
    return {"output_config": {"format": format_}}


def _closed(schema: object) -> Any:
    """A schema whose objects say that they have no other fields."""
    if not isinstance(schema, dict):
        return schema
    told = cast("JsonObject", schema)
    closed = dict(told)
    for name, value in told.items():
        if name in _SCHEMAS:
            closed[name] = _closed(value)
        elif name in _LISTS and isinstance(value, list):
            closed[name] = [_closed(one) for one in cast("list[object]", value)]
        elif name in _NAMED and isinstance(value, dict):
            named = cast("JsonObject", value)
            closed[name] = {key: _closed(one) for key, one in named.items()}
    if told.get("type") == "object" or "properties" in told:
        closed.setdefault("additionalProperties", False)
    return closed


def _message(message: JsonObject) -> JsonObject:
    content: Any = message["content"]
    if not isinstance(content, str):
        content = [_block(block) for block in content]
    return {"role": message["role"], "content": content}


def _block(block: JsonObject) -> JsonObject:
    match block["type"]:
        case "tool_result":
            inner = block.get("content", [])
            blocks = inner if isinstance(inner, str) else [_block(b) for b in inner]
            return {**block, "content": blocks}
        case "document":
            rest = {k: v for k, v in block.items() if k != "filename"}
            return {**rest, "title": block["filename"]} if "filename" in block else rest
        case _:
            return block


def _tool(tool: JsonObject) -> JsonObject:
    kept = ("name", "description", "input_schema")
    return {name: tool[name] for name in kept if name in tool}


def _tool_choice(choice: JsonObject) -> JsonObject:
    said: JsonObject = {
        name: choice[name] for name in ("type", "name") if name in choice
    }
    if choice.get("disable_parallel"):
        said["disable_parallel_tool_use"] = True
    return said
