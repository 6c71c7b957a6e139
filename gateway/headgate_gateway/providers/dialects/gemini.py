"""Google's generateContent."""

from collections.abc import Iterator
from urllib.parse import quote

from headgate_gateway import events
from headgate_gateway.json import JsonObject, object_at, objects_at
from headgate_gateway.providers.dialects.building import MessageBuilder
from headgate_gateway.providers.dialects.content import (
    blocks_of,
    function_tools,
    plain_text,
    renamed,
    result_media,
)
from headgate_gateway.providers.dialects.failures import broken_off, said_failure
from headgate_gateway.providers.interface import ModelCall
from headgate_gateway.providers.structured import schema_of, wants_json
from headgate_gateway.providers.wire import parse_object

_REASONS = {
    "STOP": "end_turn",
    "MAX_TOKENS": "max_tokens",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
}
_RESPONSE = frozenset({"candidates", "usageMetadata", "modelVersion", "responseId"})
_CANDIDATE = frozenset({"content", "finishReason", "index"})
"""The fields that are understood; others, such as what an answer rests on, are kept."""
_SETTINGS = {
    "max_tokens": "maxOutputTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "stop_sequences": "stopSequences",
}
_EXTENSIONS = {
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
_MODES = {"auto": "AUTO", "any": "ANY", "none": "NONE", "tool": "ANY"}


class Gemini:
    """``POST /models/{model}:streamGenerateContent``."""

    def path(self, call: ModelCall) -> str:
        """The path names the model."""
        verb = "generateContent" if call.whole else "streamGenerateContent?alt=sse"
        return f"/models/{quote(call.model, safe='')}:{verb}"

    def body(self, call: ModelCall) -> JsonObject:
        """The request as contents and their settings."""
        request = call.request
        names = dict(_tool_names(call))
        body: JsonObject = {
            "contents": [_content(message, names) for message in call.messages]
        }
        if request.get("system"):
            body["systemInstruction"] = {"parts": _texts(request["system"])}
        settings = renamed(request, _SETTINGS)
        settings |= renamed(request.get("extensions", {}), _EXTENSIONS)
        if "thinking" in request:
            budget = request["thinking"]["budget_tokens"]
            settings["thinkingConfig"] = {
                "thinkingBudget": budget,
                "includeThoughts": True,
            }
        if wants_json(request):
            settings["responseMimeType"] = "application/json"
            settings["responseJsonSchema"] = schema_of(request)
        if settings:
            body["generationConfig"] = settings
        tools = function_tools(call)
        if tools:
            body["tools"] = [{"functionDeclarations": [_tool(tool) for tool in tools]}]
            body |= _tool_config(request.get("tool_choice"))
        return body

    def reading(self, model: str) -> "_Reading":
        """Understands the responses that a message comes in."""
        return _Reading(MessageBuilder(model))

    def answered(self, answer: JsonObject, *, model: str) -> Iterator[JsonObject]:
        """The events of one response, which is like the only one of a stream."""
        reading = self.reading(model)
        yield from reading.response(answer)
        yield from reading.end()


class _Reading:
    """What the responses so far have said."""

    ended = False
    """No response says that it is the last one."""

    def __init__(self, message: MessageBuilder) -> None:
        self._message = message
        self._reason: str | None = None
        self._calls = 0

    def frame(self, data: str) -> Iterator[JsonObject]:
        """The events of the response in one frame."""
        return self.response(parse_object(data))

    def response(self, response: JsonObject) -> Iterator[JsonObject]:
        """The events of one response."""
        if "error" in response:
            raise said_failure(response["error"])
        if "usageMetadata" in response:
            self._message.usage = _usage(response["usageMetadata"])
        self._message.keep(response, _RESPONSE)
        yield from self._message.begin()
        if object_at(response, "promptFeedback").get("blockReason"):
            self._reason = "SAFETY"
        for candidate in objects_at(response, "candidates"):
            self._message.keep(candidate, _CANDIDATE)
            for part in objects_at(object_at(candidate, "content"), "parts"):
                yield from self._part(part)
            self._reason = candidate.get("finishReason") or self._reason

    def _part(self, part: JsonObject) -> Iterator[JsonObject]:
        if "functionCall" in part:
            self._calls += 1
            call = part["functionCall"]
            yield from self._message.whole_call(
                str(self._calls),
                name=call["name"],
                call_id=call.get("id"),
                arguments=object_at(call, "args"),
            )
        elif part.get("thought") and part.get("text"):
            yield from self._message.thinking(part["text"])
        elif part.get("text"):
            yield from self._message.text(part["text"])

    def end(self) -> Iterator[JsonObject]:
        """The last events; a stream without a reason to end was cut."""
        if self._reason is None:
            raise broken_off()
        reason = _REASONS.get(self._reason, "end_turn")
        yield from self._message.finish("tool_use" if self._calls else reason)


def _usage(usage: JsonObject) -> JsonObject:
    told = events.counts_of(usage)
    thoughts = told.get("thoughtsTokenCount", 0)
    answered = told.get("candidatesTokenCount", 0) + thoughts
    counted = events.usage_of(told.get("promptTokenCount", 0), answered)
    if thoughts:
        counted["reasoning_tokens"] = thoughts
    if told.get("cachedContentTokenCount"):
        counted["cache_read_tokens"] = told["cachedContentTokenCount"]
    return counted


def _tool_names(call: ModelCall) -> Iterator[tuple[str, str]]:
    """Results of tools go back by the tool's name, which only the call states."""
    for message in call.messages:
        for block in blocks_of(message):
            if block["type"] == "tool_use":
                yield block["id"], block["name"]


def _content(message: JsonObject, names: dict[str, str]) -> JsonObject:
    blocks = blocks_of(message)
    role = "model" if message["role"] == "assistant" else "user"
    parts = [part for block in blocks for part in _parts(block, names)]
    return {"role": role, "parts": parts}


def _parts(block: JsonObject, names: dict[str, str]) -> Iterator[JsonObject]:
    match block["type"]:
        case "text":
            yield {"text": block["text"]}
        case "tool_use":
            yield {"functionCall": {"name": block["name"], "args": block["input"]}}
        case "tool_result":
            name = names.get(block["tool_use_id"], block["tool_use_id"])
            place = "error" if block.get("is_error") else "result"
            result = {place: plain_text(block.get("content", ""))}
            yield {"functionResponse": {"name": name, "response": result}}
            for shown in result_media(block):
                yield from _parts(shown, names)
        case "image" | "audio" | "document":
            yield _media(block["source"])
        case _:
            pass


def _media(source: JsonObject) -> JsonObject:
    if source["type"] == "url":
        return {"fileData": {"fileUri": source["url"]}}
    return {"inlineData": {"mimeType": source["media_type"], "data": source["data"]}}


def _texts(content: str | list[JsonObject]) -> list[JsonObject]:
    if isinstance(content, str):
        return [{"text": content}]
    return [{"text": block["text"]} for block in content]


def _tool(tool: JsonObject) -> JsonObject:
    declared: JsonObject = {
        "name": tool["name"],
        "parametersJsonSchema": tool["input_schema"],
    }
    if "description" in tool:
        declared["description"] = tool["description"]
    return declared


def _tool_config(choice: JsonObject | None) -> JsonObject:
    if choice is None:
        return {}
    calling: JsonObject = {"mode": _MODES[choice["type"]]}
    if choice["type"] == "tool":
        calling["allowedFunctionNames"] = [choice["name"]]
    return {"toolConfig": {"functionCallingConfig": calling}}
