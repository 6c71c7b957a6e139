"""What all dialects have to know of the gateway's own content."""

from collections.abc import Mapping
from typing import Any, cast

from headgate_gateway.json import JsonObject
from headgate_gateway.providers.interface import ModelCall


def blocks_of(message: JsonObject) -> list[JsonObject]:
    """A message's content as blocks."""
    content: Any = message["content"]
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return cast("list[JsonObject]", content)


def function_tools(call: ModelCall) -> list[JsonObject]:
    """The caller's own tools."""
    tools: list[JsonObject] = call.request.get("tools", [])
    return [tool for tool in tools if tool["type"] == "function"]


def plain_text(content: str | list[JsonObject]) -> str:
    """The text of content; what is no text is left out."""
    if isinstance(content, str):
        return content
    return "\n".join(block["text"] for block in content if block["type"] == "text")


def result_text(block: JsonObject) -> str:
    """The text of a tool's result, for who has no field that says it failed."""
    text = plain_text(block.get("content", ""))
    return f"Error: {text}" if block.get("is_error") else text


def result_media(block: JsonObject) -> list[JsonObject]:
    """What a tool's result shows beside its text: images and the like."""
    content: Any = block.get("content", "")
    if isinstance(content, str):
        return []
    shown = cast("list[JsonObject]", content)
    return [part for part in shown if part["type"] != "text"]


def renamed(request: JsonObject, names: Mapping[str, str]) -> JsonObject:
    """What the request has of our ``names``, under theirs."""
    return {theirs: request[ours] for ours, theirs in names.items() if ours in request}


def url_of(source: JsonObject) -> str:
    """A source as a URL, bytes as a data URL."""
    if source["type"] == "url":
        return str(source["url"])
    return f"data:{source['media_type']};base64,{source['data']}"
