"""What a request asks of a model, and all of it that the model cannot do."""

from collections.abc import Iterable, Iterator
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


def message_needs(request: JsonObject, *, at: str = "") -> Iterator[Need]:
    """What a ``MessageRequest`` asks for; ``at`` is where it stands in the body."""
    yield Need("messages", f"{at}model", "unsupported_operation")
    yield from _content_needs(request, at)
    for index, tool in enumerate(objects_at(request, "tools")):
        param = f"{at}tools[{index}]"
        if tool["type"] in _TOOLS:
            yield Need(_TOOLS[tool["type"]], param, "unsupported_tool_type")
        else:
            yield Need("tools", param, "unsupported_function_tool")
    if "thinking" in request:
        yield Need("thinking", f"{at}thinking", "unsupported_thinking")
    yield from _format_needs(request, f"{at}output_format")


def chat_needs(chat: JsonObject) -> Iterator[Need]:
    """What a ``ChatCompletionRequest`` asks for."""
    yield _MESSAGES
    yield from _content_needs(chat, "")
    for index, _ in enumerate(objects_at(chat, "tools")):
        yield Need("tools", f"tools[{index}]", "unsupported_function_tool")
    yield from _format_needs(chat, "response_format")


def _content_needs(request: JsonObject, at: str) -> Iterator[Need]:
    for index, message in enumerate(objects_at(request, "messages")):
        content: Any = message.get("content")
        if isinstance(content, list):
            at_content = f"{at}messages[{index}].content"
            yield from _block_needs(cast("list[JsonObject]", content), at_content)


def _block_needs(blocks: list[JsonObject], at: str) -> Iterator[Need]:
    """The needs of some content, and of tools' results in it."""
    for index, block in enumerate(blocks):
        param = f"{at}[{index}]"
        if block["type"] in _BLOCKS:
            yield Need(_BLOCKS[block["type"]], param, "unsupported_content_block")
        content: Any = block.get("content")
        if isinstance(content, list):
            yield from _block_needs(
                cast("list[JsonObject]", content), f"{param}.content"
            )


def _format_needs(request: JsonObject, param: str) -> Iterator[Need]:
    name = param.rpartition(".")[2]
    if name in request and object_at(request, name).get("type") in _JSON_FORMATS:
        yield Need("structured_output", param, "unsupported_output_format")
