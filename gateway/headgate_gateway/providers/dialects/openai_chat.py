"""Chat completions, which most providers speak."""

from collections.abc import Iterable, Iterator
from itertools import chain

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
from headgate_gateway.providers.whole import OneText
from headgate_gateway.providers.wire import parse_object

_DONE = "[DONE]"
_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "content_filter",
}
_SETTINGS = {
    "max_tokens": "max_completion_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "stop_sequences": "stop",
}
_CHUNK = frozenset(
    {
        *("id", "object", "created", "model", "choices", "usage", "error"),
        *("system_fingerprint", "service_tier", "obfuscation"),
    }
)
"""The fields of a chunk that every provider sends and that are understood."""
_ONLY_TEXT = frozenset({"role", "content"})
"""The fields of a delta that does nothing but continue the text."""
_MORE_THAN_TEXT = ("tool_calls", "refusal", "reasoning_content", "reasoning")
_AUDIO = {"audio/wav": "wav", "audio/mpeg": "mp3"}


class OpenAIChat:
    """``POST /chat/completions``."""

    def path(self, call: ModelCall) -> str:
        """The one path of the dialect."""
        return "/chat/completions"

    def body(self, call: ModelCall) -> JsonObject:
        """The request as a chat completion request."""
        request = call.request
        body: JsonObject = {
            "model": call.model,
            "messages": list(_messages(call)),
            **request.get("extensions", {}),
        }
        if not call.whole:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        body |= renamed(request, _SETTINGS)
        if "output_format" in request:
            body |= _response_format(request)
        return body | tool_settings(call, _wrapped) if "tools" in request else body

    def reading(self, model: str) -> "_Reading":
        """Understands the chunks that a message comes in."""
        return _Reading(MessageBuilder(model))

    def answered(
        self, answer: JsonObject, *, model: str
    ) -> Iterator[JsonObject] | OneText:
        """The events of a chat completion, whose messages are like whole deltas."""
        if (choice := _only_text(answer)) is not None:
            reason = _REASONS.get(choice["finish_reason"], "end_turn")
            text: str = choice["message"]["content"]
            return OneText(model, text, reason, _usage(answer), _aside(answer))
        reading = self.reading(model)
        return chain(reading.chunk(answer, "message"), reading.end())


class _Reading:
    """What the chunks so far have said."""

    def __init__(self, message: MessageBuilder) -> None:
        self._message = message
        self._reason: str | None = None
        self.ended = False

    def frame(self, data: str) -> Iterable[JsonObject]:
        """The events of one frame: a chunk, or the word that there are no more."""
        if data == _DONE:
            self.ended = True
            return self.end()
        chunk = parse_object(data)
        more = self._more_text(chunk)
        return self.chunk(chunk) if more is None else (more,)

    def _more_text(self, chunk: JsonObject) -> JsonObject | None:
        """The event of a chunk that only continues the text, as nearly all do."""
        try:
            (choice,) = chunk["choices"]
            delta = choice["delta"]
            piece = delta["content"]
        except (KeyError, TypeError, ValueError):
            return None
        says_more = (
            not _ONLY_TEXT.issuperset(delta)
            or not _CHUNK.issuperset(chunk)
            or choice.get("finish_reason")
            or chunk.get("usage")
            or "error" in chunk
        )
        if says_more or not piece or not isinstance(piece, str):
            return None
        return self._message.more_text(piece)

    def chunk(self, chunk: JsonObject, said: str = "delta") -> Iterator[JsonObject]:
        """The events of one chunk, whose choices have at ``said`` what they say."""
        if chunk.get("error") is not None:
            raise said_failure(chunk["error"])
        self._message.usage = _usage(chunk) or self._message.usage
        self._message.said |= _aside(chunk)
        yield from self._message.begin()
        for choice in objects_at(chunk, "choices"):
            yield from self._delta(object_at(choice, said))
            self._reason = choice.get("finish_reason") or self._reason

    def _delta(self, delta: JsonObject) -> Iterator[JsonObject]:
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        if isinstance(reasoning, str) and reasoning:
            yield from self._message.thinking(reasoning)
        for name in ("content", "refusal"):
            if isinstance(delta.get(name), list):
                yield from self._parts(objects_at(delta, name))
            elif delta.get(name):
                yield from self._message.text(delta[name])
        for place, call in enumerate(objects_at(delta, "tool_calls")):
            yield from self._call(call, place)

    def _parts(self, parts: list[JsonObject]) -> Iterator[JsonObject]:
        """Content in parts, as Mistral's models say what they think and answer."""
        for part in parts:
            thinks = part.get("type") == "thinking"
            for piece in objects_at(part, "thinking") if thinks else (part,):
                if isinstance(text := piece.get("text"), str) and text:
                    said = self._message.thinking if thinks else self._message.text
                    yield from said(text)

    def _call(self, call: JsonObject, place: int) -> Iterator[JsonObject]:
        key, function = str(call.get("index", place)), object_at(call, "function")
        if function.get("name"):
            yield from self._message.call(
                key, name=function["name"], call_id=call.get("id")
            )
        yield from self._message.arguments(key, function.get("arguments") or "")

    def end(self) -> Iterator[JsonObject]:
        """The last events; a stream without a reason to end was cut."""
        if self._reason is None:
            raise broken_off()
        yield from self._message.finish(_REASONS.get(self._reason, "end_turn"))


def _usage(told: JsonObject) -> JsonObject | None:
    """The ``Usage`` that a chunk or a whole answer tells."""
    usage: JsonObject | None = told.get("usage")
    return counted(usage, asked="prompt", answered="completion") if usage else None


def _aside(told: JsonObject) -> JsonObject:
    """What is told in fields that are not known, as it came."""
    if _CHUNK.issuperset(told):
        return {}
    return {name: told[name] for name in told if name not in _CHUNK}


def _only_text(answer: JsonObject) -> JsonObject | None:
    """The choice of a completion that says nothing but a text, as most do."""
    choices = objects_at(answer, "choices")
    if len(choices) != 1 or answer.get("error") is not None:
        return None
    message, text = object_at(choices[0], "message"), None
    if not any(map(message.get, _MORE_THAN_TEXT)):
        text = message.get("content")
    ended = isinstance(choices[0].get("finish_reason"), str)
    return choices[0] if ended and text and isinstance(text, str) else None


def _messages(call: ModelCall) -> Iterator[JsonObject]:
    system = call.request.get("system")
    if system:
        yield {"role": "system", "content": plain_text(system)}
    for message in call.messages:
        role, content = message["role"], message["content"]
        if role == "assistant":
            yield _assistant(blocks_of(message))
        elif isinstance(content, str):
            yield {"role": "user", "content": content}
        else:
            yield from _user(content)


def _assistant(blocks: list[JsonObject]) -> JsonObject:
    texts = [block["text"] for block in blocks if block["type"] == "text"]
    calls = [
        {
            "id": block["id"],
            "type": "function",
            "function": {"name": block["name"], "arguments": dump_text(block["input"])},
        }
        for block in blocks
        if block["type"] == "tool_use"
    ]
    said: JsonObject = {"role": "assistant", "content": "".join(texts) or None}
    return {**said, "tool_calls": calls} if calls else said


def _user(blocks: list[JsonObject]) -> Iterator[JsonObject]:
    """Results of tools are messages of their own, before what the user says.

    They hold text alone, so the user shows what else they have.
    """
    said: list[JsonObject] = []
    for block in blocks:
        if block["type"] != "tool_result":
            said.append(block)
            continue
        said += result_media(block)
        yield {
            "role": "tool",
            "tool_call_id": block["tool_use_id"],
            "content": result_text(block),
        }
    parts = [_part(block) for block in said]
    if parts:
        alone = len(parts) == 1 and parts[0]["type"] == "text"
        yield {"role": "user", "content": parts[0]["text"] if alone else parts}


def _part(block: JsonObject) -> JsonObject:
    match block["type"]:
        case "image":
            return {"type": "image_url", "image_url": {"url": url_of(block["source"])}}
        case "audio":
            source = block["source"]
            format_ = _AUDIO.get(source["media_type"], "wav")
            audio = {"data": source["data"], "format": format_}
            return {"type": "input_audio", "input_audio": audio}
        case "document":
            file = {"file_data": url_of(block["source"])}
            named = {"filename": block["filename"]} if "filename" in block else {}
            return {"type": "file", "file": {**file, **named}}
        case _:
            return {"type": "text", "text": block.get("text", "")}


def _response_format(request: JsonObject) -> JsonObject:
    if not wants_json(request):
        return {}
    format_: JsonObject = request["output_format"]
    if format_["type"] == "json_object":
        return {"response_format": format_}
    return {"response_format": {**format_, "json_schema": named_schema(request)}}


def _wrapped(function: JsonObject) -> JsonObject:
    return {"type": "function", "function": function}
