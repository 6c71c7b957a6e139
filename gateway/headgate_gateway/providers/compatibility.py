"""What a request asks of a model, and all of it that the model cannot do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject, object_at, objects_at

_BLOCKS = {
    "image": "vision",
    "audio": "audio",
    "document": "documents",
    "image_url": "vision",
    "input_audio": "audio",
    "file": "documents",
}
"""The capability that a block of a message, or a part of a chat, needs."""
_TOOLS = {"web_search": "native_web_search", "web_fetch": "native_web_search"}
_JSON_FORMATS = frozenset({"json_object", "json_schema"})


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a request asks for."""

    capability: str
    param: str
    code: str
    """The failure that it is where the model cannot do it."""


_MESSAGES = Need("messages", "model", "unsupported_operation")


def require_able(model: JsonObject, needs: Iterable[Need]) -> None:
    """400 with everything that the model is known not to be able to do.

    What is not known of a model may be tried.
    """
    able = object_at(model, "capabilities")
    if False not in able.values():
        return
    lacking = [need for need in needs if able.get(need.capability) is False]
    if not lacking:
        return
    issues: list[JsonObject] = [
        {
            "severity": "error",
            "param": need.param,
            "code": need.code,
            "message": f"{model['id']} does not support {need.capability}.",
        }
        for need in lacking
    ]
    first = issues[0]
    raise GatewayError(
        first["code"], first["message"], param=first["param"], compat_issues=issues
    )


def message_needs(request: JsonObject, *, at: str = "") -> list[Need]:
    """What a ``MessageRequest`` asks for; ``at`` is where it stands in the body."""
    needs = [Need("messages", f"{at}model", "unsupported_operation")]
    needs += _content_needs(request, at)
    for index, tool in enumerate(objects_at(request, "tools")):
        param = f"{at}tools[{index}]"
        if tool["type"] in _TOOLS:
            needs.append(Need(_TOOLS[tool["type"]], param, "unsupported_tool_type"))
        else:
            needs.append(Need("tools", param, "unsupported_function_tool"))
    if "thinking" in request:
        needs.append(Need("thinking", f"{at}thinking", "unsupported_thinking"))
    return needs + _format_needs(request, "output_format", at)


def chat_needs(chat: JsonObject) -> list[Need]:
    """What a ``ChatCompletionRequest`` asks for."""
    needs = [_MESSAGES, *_content_needs(chat, "")]
    if "tools" in chat:
        for index, _ in enumerate(objects_at(chat, "tools")):
            param = f"tools[{index}]"
            needs.append(Need("tools", param, "unsupported_function_tool"))
    if "response_format" in chat:
        needs += _format_needs(chat, "response_format", "")
    return needs


def _content_needs(request: JsonObject, at: str) -> list[Need]:
    needs: list[Need] = []
    for index, message in enumerate(objects_at(request, "messages")):
        content: Any = message.get("content")
        if isinstance(content, list):
            at_content = f"{at}messages[{index}].content"
            needs += _block_needs(cast("list[JsonObject]", content), at_content)
    return needs


def _block_needs(blocks: list[JsonObject], at: str) -> list[Need]:
    """The needs of some content, and of tools' results in it."""
    needs: list[Need] = []
    for index, block in enumerate(blocks):
        param = f"{at}[{index}]"
        if block["type"] in _BLOCKS:
            capability = _BLOCKS[block["type"]]
            needs.append(Need(capability, param, "unsupported_content_block"))
        content: Any = block.get("content")
        if isinstance(content, list):
            inner = cast("list[JsonObject]", content)
            needs += _block_needs(inner, f"{param}.content")
    return needs


def _format_needs(request: JsonObject, name: str, at: str) -> list[Need]:
    if object_at(request, name).get("type") not in _JSON_FORMATS:
        return []
    return [Need("structured_output", f"{at}{name}", "unsupported_output_format")]
