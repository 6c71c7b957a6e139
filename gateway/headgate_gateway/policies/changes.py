"""What actions do to a body: pure functions over JSON."""

import random
from collections.abc import Sequence
from typing import Any

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject, is_list, is_object, object_at
from headgate_gateway.policies.patterns import Replacing
from headgate_gateway.policies.policy import Action
from headgate_gateway.redaction import PATTERNS, Finder, redact_value

MADE_LATER = frozenset(
    {"workspaces.create", "workspaces.send_message", "workspaces.update"}
)
"""Operations of conversations: a model is told of them in a request made later."""

_WITH_REQUEST_INSIDE = frozenset({"runs.create", "runs.stream"})
_NAMES = frozenset({"client_id"})
"""What stays as it is in a conversation: by it clients find theirs again."""


def request_part(operation: str, body: JsonObject) -> JsonObject:
    """The part of a body that is a model's request."""
    if operation in _WITH_REQUEST_INSIDE and isinstance(body.get("request"), dict):
        inner: JsonObject = body["request"]
        return inner
    return body


def with_request_part(
    operation: str, body: JsonObject, changes: JsonObject
) -> JsonObject:
    """The body with fields of its model's request set."""
    part = {**request_part(operation, body), **changes}
    return (
        {**body, "request": part}
        if part is not body and (operation in _WITH_REQUEST_INSIDE)
        else part
    )


def redacted(action: Action, value: Any) -> Any:
    """The value without what the action looks for; 403 if it is to block that."""
    names = action.node.get("patterns") or list(PATTERNS)
    patterns: list[tuple[str, Finder]] = [
        (name, PATTERNS[name]) for name in PATTERNS if name in names
    ]
    if action.pattern is not None:
        patterns = [*patterns, ("redacted", Replacing(action.pattern))]
        if "patterns" not in action.node:
            patterns = patterns[-1:]
    found: set[str] = set()
    changed = redact_value(value, patterns, found)
    if found and action.node.get("on_match") == "block":
        raise GatewayError(
            "content_blocked",
            "The content holds what a policy forbids.",
            details={"matched_patterns": sorted(found), "confidence": 1.0},
        )
    return changed


def redacted_request(action: Action, operation: str, body: Any) -> Any:
    """The body as a ``redact`` leaves it."""
    if operation not in MADE_LATER or not is_object(body):
        return redacted(action, body)
    said = {name: value for name, value in body.items() if name not in _NAMES}
    return {**body, **redacted(action, said)}


def transformed(action: Action, operation: str, body: JsonObject) -> JsonObject:
    """The body as a ``transform`` leaves it."""
    node = action.node
    changes: JsonObject = dict(node.get("set_body_fields", {}))
    if operation != "embeddings.create":
        changes |= _system_prompt(node, operation, request_part(operation, body))
    body = with_request_part(operation, body, changes)
    for name in node.get("remove_body_fields", ()):
        part = {k: v for k, v in request_part(operation, body).items() if k != name}
        body = {**body, "request": part} if operation in _WITH_REQUEST_INSIDE else part
    if action.pattern is not None:
        body = _replaced(
            body, Replacing(action.pattern), node["replace"]["replacement"]
        )
    return body


def _system_prompt(node: JsonObject, operation: str, part: JsonObject) -> JsonObject:
    before: str = node.get("prepend_system_prompt", "")
    behind: str = node.get("append_system_prompt", "")
    if not (before or behind) or operation.startswith("proxy."):
        return {}
    if operation == "chat.completions.create":
        messages: list[JsonObject] = part.get("messages", [])
        system = [{"role": "system", "content": text} for text in (before, behind)]
        return {
            "messages": [
                *[message for message in system[:1] if message["content"]],
                *[message for message in messages if message["role"] == "system"],
                *[message for message in system[1:] if message["content"]],
                *[message for message in messages if message["role"] != "system"],
            ]
        }
    given: Any = part.get("system", "")
    if isinstance(given, list):
        return {"system": [*_blocks(before), *given, *_blocks(behind)]}
    return {"system": "\n\n".join(text for text in (before, given, behind) if text)}


def _blocks(text: str) -> list[JsonObject]:
    return [{"type": "text", "text": text}] if text else []


def _replaced(value: Any, pattern: Replacing, replacement: str) -> Any:
    if isinstance(value, str):
        return pattern.subn(replacement, value)[0]
    if is_list(value):
        return [_replaced(item, pattern, replacement) for item in value]
    if is_object(value):
        return {
            key: _replaced(item, pattern, replacement) for key, item in value.items()
        }
    return value


def routed(models: Sequence[str], strategy: str, *, turn: int) -> str:
    """The model that a ``dynamic_route`` takes this time."""
    match strategy:
        case "round_robin":
            return models[turn % len(models)]
        case "random":
            # It spreads load and decides nothing of weight.
            return random.choice(models)  # noqa: S311
        case _:
            return models[0]


def tools_of(operation: str, body: JsonObject) -> list[str]:
    """The names of the tools that a request offers its model.

    The body of a proxied call may have any form; what has that of a tool counts.
    """
    offered = [request_part(operation, body).get("tools"), body.get("server_tools")]
    return [
        name
        for tools in offered
        if is_list(tools)
        for tool in tools
        for name in _tool_names(tool)
    ]


def _tool_names(tool: Any) -> list[str]:
    """All names that a tool has: nobody knows by which one an upstream goes."""
    if not is_object(tool):
        return [tool] if isinstance(tool, str) else []
    given = [tool.get("name"), object_at(tool, "function").get("name")]
    names = [name for name in given if isinstance(name, str)]
    kind = tool.get("type")
    return names or ([kind] if isinstance(kind, str) else [])
