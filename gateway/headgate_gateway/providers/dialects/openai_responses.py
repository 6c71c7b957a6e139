"""OpenAI's responses."""

from collections.abc import Iterator
from mimetypes import guess_extension

from headgate_gateway.json import JsonObject, dump_text, object_at, objects_at
from headgate_gateway.providers.dialects.building import MessageBuilder
from headgate_gateway.providers.dialects.content import (
    blocks_of,
    plain_text,
    renamed,
    result_media,
    result_text,
    url_of,
)
from headgate_gateway.providers.dialects.failures import broken_off, said_failure
from headgate_gateway.providers.dialects.openai_terms import (
    counted,
    named_schema,
    tool_settings,
)
from headgate_gateway.providers.interface import ModelCall
from headgate_gateway.providers.structured import wants_json
from headgate_gateway.providers.wire import parse_object

_SETTINGS = {
    "max_tokens": "max_output_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
}
_EXTENSIONS = {"user": "user"}
_ITEMS = frozenset({"message", "reasoning", "function_call"})
"""The items that are understood; others, such as searches, are kept as they came."""
_ENDINGS = frozenset({"response.completed", "response.incomplete"})


class OpenAIResponses:
    """``POST /responses``."""

    def path(self, call: ModelCall) -> str:
        """The one path of the dialect."""
        return "/responses"

    def body(self, call: ModelCall) -> JsonObject:
        """The request as items of input."""
        request = call.request
        body: JsonObject = {
            "model": call.model,
            "input": [item for message in call.messages for item in _items(message)],
            "store": False,
        }
        if not call.whole:
            body["stream"] = True
        if request.get("system"):
            body["instructions"] = plain_text(request["system"])
        body |= renamed(request, _SETTINGS)
        extensions = request.get("extensions", {})
        body |= renamed(extensions, _EXTENSIONS)
        if "reasoning_effort" in extensions:
            body["reasoning"] = {"effort": extensions["reasoning_effort"]}
        if wants_json(request):
            body["text"] = {"format": _format(request)}
        return body | tool_settings(call, _tool, chosen=_named)

    def reading(self, model: str) -> "_Reading":
        """Understands the events that a response is built of."""
        return _Reading(MessageBuilder(model))

    def answered(self, answer: JsonObject, *, model: str) -> Iterator[JsonObject]:
        """The events of a response, from its items of output."""
        yield from self.reading(model).whole(answer)


class _Reading:
    """What the events so far have said."""

    def __init__(self, message: MessageBuilder) -> None:
        self._message = message
        self.ended = False

    def frame(self, data: str) -> Iterator[JsonObject]:
        """What the event in one frame means."""
        return self.event(parse_object(data))

    def end(self) -> Iterator[JsonObject]:
        """No events: a response that does not say its end was cut."""
        raise broken_off()

    def event(self, event: JsonObject) -> Iterator[JsonObject]:
        """What one event means."""
        match event.get("type"):
            case "response.created":
                yield from self._message.begin()
            case "response.output_text.delta" | "response.refusal.delta":
                yield from self._message.text(event["delta"])
            case (
                "response.reasoning_summary_text.delta"
                | "response.reasoning_text.delta"
            ):
                yield from self._message.thinking(event["delta"])
            case "response.output_item.added":
                item = event["item"]
                if item["type"] == "function_call":
                    yield from self._message.call(
                        str(event["output_index"]),
                        name=item["name"],
                        call_id=item.get("call_id"),
                    )
            case "response.output_item.done" if event["item"]["type"] not in _ITEMS:
                self._message.said.setdefault("output", []).append(event["item"])
            case "response.function_call_arguments.delta":
                key = str(event["output_index"])
                yield from self._message.arguments(key, event["delta"])
            case "response.failed":
                raise said_failure(object_at(event, "response").get("error"))
            case "error":
                raise said_failure(event.get("error") or event)
            case ending if ending in _ENDINGS:
                yield from self._finish(event["response"])
            case _:
                pass

    def whole(self, response: JsonObject) -> Iterator[JsonObject]:
        """What a response that came in one piece means."""
        if response.get("status") == "failed":
            raise said_failure(response.get("error"))
        if response.get("status") not in {"completed", "incomplete"}:
            raise broken_off()
        yield from self._message.begin()
        for place, item in enumerate(objects_at(response, "output")):
            yield from self._item(str(place), item)
        yield from self._finish(response)

    def _item(self, key: str, item: JsonObject) -> Iterator[JsonObject]:
        match item.get("type"):
            case "message":
                for part in objects_at(item, "content"):
                    yield from self._message.text(
                        part.get("text") or part.get("refusal") or ""
                    )
            case "reasoning":
                for part in (
                    *objects_at(item, "summary"),
                    *objects_at(item, "content"),
                ):
                    yield from self._message.thinking(part["text"])
            case "function_call":
                yield from self._message.call(
                    key, name=item["name"], call_id=item.get("call_id")
                )
                yield from self._message.arguments(key, item.get("arguments") or "")
            case _:
                self._message.said.setdefault("output", []).append(item)

    def _finish(self, response: JsonObject) -> Iterator[JsonObject]:
        self.ended = True
        usage = object_at(response, "usage")
        if usage:
            self._message.usage = counted(usage, asked="input", answered="output")
        incomplete = object_at(response, "incomplete_details").get("reason")
        reason = {
            "max_output_tokens": "max_tokens",
            "content_filter": "content_filter",
        }.get(incomplete or "", "end_turn")
        yield from self._message.finish(
            "tool_use" if self._message.has_tools else reason
        )


def _items(message: JsonObject) -> Iterator[JsonObject]:
    blocks = blocks_of(message)
    role = message["role"]
    parts = [part for block in blocks for part in _parts(block, role)]
    if parts:
        yield {"type": "message", "role": role, "content": parts}
    for block in blocks:
        if block["type"] == "tool_use":
            yield {
                "type": "function_call",
                "call_id": block["id"],
                "name": block["name"],
                "arguments": dump_text(block["input"]),
            }
        elif block["type"] == "tool_result":
            yield {
                "type": "function_call_output",
                "call_id": block["tool_use_id"],
                "output": _output(block),
            }


def _output(result: JsonObject) -> str | list[JsonObject]:
    """What a tool gave: its text, with what it shows behind it."""
    text = result_text(result)
    shown = [part for block in result_media(result) for part in _parts(block, "user")]
    if not shown:
        return text
    said: list[JsonObject] = [{"type": "input_text", "text": text}] if text else []
    return said + shown


def _parts(block: JsonObject, role: str) -> Iterator[JsonObject]:
    match block["type"]:
        case "text":
            kind = "output_text" if role == "assistant" else "input_text"
            yield {"type": kind, "text": block["text"]}
        case "image":
            yield {"type": "input_image", "image_url": url_of(block["source"])}
        case "document":
            source = block["source"]
            where = "file_url" if source["type"] == "url" else "file_data"
            part: JsonObject = {"type": "input_file", where: url_of(source)}
            # Bytes have to have a name there.
            if source["type"] != "url":
                part["filename"] = block.get("filename") or _name(source)
            yield part
        case _:
            pass


def _name(source: JsonObject) -> str:
    """A file's name where the caller gave none."""
    return f"document{guess_extension(source['media_type']) or ''}"


def _format(request: JsonObject) -> JsonObject:
    format_: JsonObject = request["output_format"]
    if format_["type"] == "json_object":
        return format_
    return {"type": "json_schema", **named_schema(request)}


def _tool(function: JsonObject) -> JsonObject:
    """A function on offer, which is not strict unless it says so."""
    return {"type": "function", "strict": False, **function}


def _named(function: JsonObject) -> JsonObject:
    return {"type": "function", **function}
