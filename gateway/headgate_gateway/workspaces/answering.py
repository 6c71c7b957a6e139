"""What a model says in a workspace: its conversation as a request, and the answer."""

from collections.abc import Iterable, Mapping, Sequence
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
    request: JsonObject = {
        "model": workspace["model"],
        "messages": turns_of([*history, {"role": "user", "content": content}]),
        "metadata": workspace["metadata"],
    }
    system = system_text(workspace)
    return {**request, "system": system} if system else request


def turns_of(said: Iterable[Mapping[str, Any]]) -> list[JsonObject]:
    """What was said as turns that begin with the user and alternate.

    Providers refuse all others. Whatever stands before the user's first message is left
    out; messages of one side that follow each other are one turn.
    """
    turns: list[JsonObject] = []
    for message in said:
        role = "user" if message["role"] == "user" else "assistant"
        content: str = message["content"]
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += f"\n\n{content}"
        elif turns or role == "user":
            turns.append({"role": role, "content": content})
    return turns


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
