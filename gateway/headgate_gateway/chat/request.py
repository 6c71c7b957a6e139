"""From a chat completion request to the message request that it stands for."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

from headgate_gateway.json import JSONDecodeError, JsonObject, loads

_SAME = ("temperature", "top_p", "metadata")
EXTENSIONS = (
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "reasoning_effort",
    "user",
)
"""What messages have no setting for, and providers of this form have."""
_ASKED = frozenset({"model", "messages", "stream"})
_CHOICES = {"none": "none", "auto": "auto", "required": "any"}
_INSTRUCTIONS = frozenset({"system", "developer"})


def message_request(chat: JsonObject) -> JsonObject:
    """The ``MessageRequest`` that asks a model for the same; null stands for absent."""
    request: JsonObject = {
        "model": chat["model"],
        "messages": _turns(chat["messages"]),
    }
    system = list(_instructions(chat["messages"]))
    if system:
        request["system"] = system
    return request if _ASKED.issuperset(chat) else request | _settings(chat)


def _settings(chat: JsonObject) -> JsonObject:
    """What is said beside what is asked, as a ``MessageRequest`` says it."""
    given = {name: value for name, value in chat.items() if value is not None}
    request: JsonObject = {name: given[name] for name in _SAME if name in given}
    if "response_format" in given:
        request["output_format"] = _output_format(given["response_format"])
    extensions = {name: given[name] for name in EXTENSIONS if name in given}
    if extensions:
        request["extensions"] = extensions
    limit = given.get("max_completion_tokens", given.get("max_tokens"))
    if limit is not None:
        request["max_tokens"] = limit
    if "stop" in given:
        stop = given["stop"]
        request["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    if "tools" in given:
        request["tools"] = [_tool(tool["function"]) for tool in given["tools"]]
        request["tool_choice"] = _tool_choice(given)
    return request


def _output_format(format_: JsonObject) -> JsonObject:
    """The ``OutputFormat``; what else the caller wrote beside it is left out."""
    if format_["type"] != "json_schema":
        return {"type": format_["type"]}
    given: JsonObject = format_["json_schema"]
    described = {
        name: given[name]
        for name in ("name", "description", "schema", "strict")
        if given.get(name) is not None
    }
    return {"type": "json_schema", "json_schema": {"schema": {}, **described}}


def printable(names: Iterable[str]) -> list[str]:
    """Names that may stand in a header, in order."""
    return sorted(name for name in names if name.isidentifier() and name.isascii())


def _instructions(messages: list[JsonObject]) -> Iterator[JsonObject]:
    for message in messages:
        if message["role"] in _INSTRUCTIONS:
            yield from _texts(message["content"])


def _turns(messages: list[JsonObject]) -> list[JsonObject]:
    """The turns of user and assistant; results of tools are the user's."""
    turns: list[JsonObject] = []
    for message in messages:
        match message["role"]:
            case "user":
                turns.append({"role": "user", "content": _content(message["content"])})
            case "assistant":
                turns.append({"role": "assistant", "content": _said(message)})
            case "tool":
                _answer(turns, message)
            case _:
                pass
    return turns


def _answer(turns: list[JsonObject], message: JsonObject) -> None:
    """Put a tool's result into a turn with the results right before it."""
    result = {
        "type": "tool_result",
        "tool_use_id": message["tool_call_id"],
        "content": _texts(message["content"]),
    }
    results = _last_results(turns)
    if results is None:
        turns.append({"role": "user", "content": [result]})
    else:
        results.append(result)


def _last_results(turns: list[JsonObject]) -> list[JsonObject] | None:
    content: Any = turns[-1]["content"] if turns else None
    if not isinstance(content, list) or turns[-1]["role"] != "user":
        return None
    blocks = cast("list[JsonObject]", content)
    return blocks if blocks[0]["type"] == "tool_result" else None


def _said(message: JsonObject) -> list[JsonObject]:
    blocks = _texts(message.get("content") or [])
    for call in message.get("tool_calls", ()):
        function = call["function"]
        blocks.append(
            {
                "type": "tool_use",
                "id": call["id"],
                "name": function["name"],
                "input": _arguments(function["arguments"]),
            }
        )
    return blocks


def _arguments(text: str) -> JsonObject:
    """The arguments as an object; what is none is kept as the text that it was."""
    try:
        value: Any = loads(text or "{}")
    except JSONDecodeError:
        value = None
    if isinstance(value, dict):
        return cast("JsonObject", value)
    return {"arguments": text}


def _texts(content: str | list[JsonObject]) -> list[JsonObject]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [{"type": "text", "text": part["text"]} for part in content]


def _content(content: str | list[JsonObject]) -> str | list[JsonObject]:
    return content if isinstance(content, str) else [_part(part) for part in content]


def _part(part: JsonObject) -> JsonObject:
    match part["type"]:
        case "image_url":
            return {"type": "image", "source": _source(part["image_url"]["url"])}
        case "input_audio":
            audio = part["input_audio"]
            media_type = {"wav": "audio/wav", "mp3": "audio/mpeg"}[audio["format"]]
            source = _base64(media_type, audio["data"])
            return {"type": "audio", "source": source}
        case "file":
            file = part["file"]
            block = {"type": "document", "source": _source(file["file_data"])}
            return block | {k: file[k] for k in ("filename",) if k in file}
        case _:
            return {"type": "text", "text": part["text"]}


def _source(url: str) -> JsonObject:
    """The source that an http, https or data URL stands for."""
    if not url.startswith("data:"):
        return {"type": "url", "url": url}
    media_type, _, data = url.removeprefix("data:").partition(";base64,")
    return _base64(media_type, data)


def _base64(media_type: str, data: str) -> JsonObject:
    return {"type": "base64", "media_type": media_type, "data": data}


def _tool(function: JsonObject) -> JsonObject:
    tool: JsonObject = {
        "type": "function",
        "name": function["name"],
        "input_schema": function.get("parameters", {"type": "object"}),
    }
    for name in ("description", "strict"):
        if function.get(name) is not None:
            tool[name] = function[name]
    return tool


def _tool_choice(chat: JsonObject) -> JsonObject:
    chosen = chat.get("tool_choice", "auto")
    if isinstance(chosen, str):
        choice: JsonObject = {"type": _CHOICES[chosen]}
    else:
        choice = {"type": "tool", "name": chosen["function"]["name"]}
    if chat.get("parallel_tool_calls") is False and choice["type"] != "none":
        choice["disable_parallel"] = True
    return choice
