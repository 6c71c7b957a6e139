"""A chat completion's choice that is answered whole: what a message's events say."""

from collections.abc import Iterable

from headgate_gateway.chat.chunks import REASONS
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.whole import Whole

_TEXTS = {
    "text_delta": ("text", "content"),
    "thinking_delta": ("thinking", "reasoning_content"),
}
"""Where the deltas of a kind have their text, and where the answer has it."""


def choice_of(index: int, answer: Whole) -> tuple[JsonObject, JsonObject]:
    """The ``ChatChoice`` that an answer is, and its usage."""
    text = answer.one_text
    if text is None:
        message, reason, usage = _added_up(answer.some)
    else:
        message = {"role": "assistant", "content": text.text, "refusal": None}
        reason, usage = text.stop_reason, text.usage or {}
    finish_reason = REASONS.get(reason, "stop")
    return {"index": index, "message": message, "finish_reason": finish_reason}, usage


def _added_up(events: Iterable[JsonObject]) -> tuple[JsonObject, str, JsonObject]:
    """What the events of a message add up to, its stop reason and its usage."""
    texts: dict[str, list[str]] = {}
    calls = _Calls()
    reason, usage = "end_turn", JsonObject()
    for event in events:
        match event["type"]:
            case "content_block_delta":
                delta = event["delta"]
                if delta["type"] in _TEXTS:
                    name, place = _TEXTS[delta["type"]]
                    texts.setdefault(place, []).append(delta[name])
                else:
                    calls.add(delta)
            case "content_block_start":
                calls.begin(event["content_block"])
            case "message_delta":
                usage = event["usage"]
                reason = event["delta"]["stop_reason"]
            case _:
                pass
    message: JsonObject = {"role": "assistant", "content": None, "refusal": None}
    for place, pieces in texts.items():
        message[place] = pieces[0] if len(pieces) == 1 else "".join(pieces)
    if calls.found:
        message["tool_calls"] = calls.found
    return message, reason, usage


class _Calls:
    """The calls of tools in a message."""

    def __init__(self) -> None:
        self.found: list[JsonObject] = []
        self._open = False
        self._begun = False

    def begin(self, block: JsonObject) -> None:
        """Open a block, which may be a call; without any input it has an empty one."""
        self._open = block["type"] == "tool_use"
        if self._open:
            function = {"name": block["name"], "arguments": "{}"}
            call: JsonObject = {
                "id": block["id"],
                "type": "function",
                "function": function,
            }
            self.found.append(call)
            self._begun = False

    def add(self, delta: JsonObject) -> None:
        """Add a piece of the input of the open call."""
        piece: str = delta.get("partial_json", "")
        if self._open and piece:
            function: JsonObject = self.found[-1]["function"]
            said: str = function["arguments"] if self._begun else ""
            function["arguments"] = said + piece
            self._begun = True
