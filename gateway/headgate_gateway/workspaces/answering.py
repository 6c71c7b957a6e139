"""What a model says in a workspace: its conversation as a request, and the answer."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

from headgate_gateway.events import EventSource, MessageFold
from headgate_gateway.json import JsonObject, dump_text

HISTORY = 63
"""How much of a conversation the model is shown beside the newest message."""


def request_of(
    workspace: Mapping[Any, Any], history: Sequence[Mapping[str, Any]], content: str
) -> JsonObject:
    """The ``MessageRequest`` that asks for an answer to ``content``."""
    said = [*history, {"role": "user", "content": content}]
    request: JsonObject = {
        "model": workspace["model"],
        "messages": [
            {
                "role": "user" if message["role"] == "user" else "assistant",
                "content": message["content"],
            }
            for message in said
        ],
        "metadata": workspace["metadata"],
    }
    system = system_text(workspace)
    return {**request, "system": system} if system else request


def system_text(workspace: Mapping[Any, Any]) -> str:
    """The system prompt with the context below it, a line a fact."""
    parts = [workspace["system_prompt"] or ""]
    if workspace["context"]:
        facts = [
            f"- {name}: {fact if isinstance(fact, str) else dump_text(fact)}"
            for name, fact in workspace["context"].items()
        ]
        parts.append("\n".join(["Context:", *facts]))
    return "\n\n".join(part for part in parts if part)


async def text_of(source: EventSource) -> str:
    """The text of a whole answer."""
    fold = MessageFold()
    async with aclosing(source) as events:
        async for batch in events:
            for event in batch:
                fold.add(event)
    return "".join(
        block["text"] for block in fold.message["content"] if block["type"] == "text"
    )
