"""``mock/echo``: says again what the user said last."""

import re
from collections.abc import Iterator
from itertools import islice

from headgate_gateway import events
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject, dump_text
from headgate_gateway.providers.interface import ModelCall
from headgate_gateway.providers.structured import wants_json
from headgate_gateway.providers.tokens import count_request, count_text

_BATCH = 64
_SILENCE = "(nothing to echo)"
_WORDS = re.compile(r"\s*\S+|\s+")


async def echo(call: ModelCall, *, model: str) -> events.EventSource:
    """The last user turn's text, a word an event, in batches of bounded size."""
    said = _said(call, model)
    while batch := list(islice(said, _BATCH)):
        yield batch


def _said(call: ModelCall, model: str) -> Iterator[JsonObject]:
    text, stop_reason, stop_sequence = _shorten(_text(call), call)
    asked = count_request(call.request, call.messages)
    yield events.message_start(
        message_id=new_id("msg"), model=model, usage=events.usage_of(asked, 0)
    )
    yield events.block_start(0, {"type": "text", "text": ""})
    for word in _WORDS.findall(text):
        yield events.block_delta(0, {"type": "text_delta", "text": word})
    yield events.block_stop(0)
    usage = events.usage_of(asked, count_text(text))
    yield events.message_delta(stop_reason, usage, stop_sequence=stop_sequence)
    yield events.message_stop()


def _text(call: ModelCall) -> str:
    """What to say; as JSON where that is asked for."""
    said = _last_user_text(call)
    if wants_json(call.request):
        return dump_text({"echo": said})
    return said or _SILENCE


def _last_user_text(call: ModelCall) -> str:
    turns = [message for message in call.messages if message["role"] == "user"]
    if not turns:
        return ""
    content = turns[-1]["content"]
    if isinstance(content, str):
        return content
    return "\n".join(block["text"] for block in content if block["type"] == "text")


def _shorten(text: str, call: ModelCall) -> tuple[str, str, str | None]:
    """The text up to the first stop sequence or the token limit, and what ended it."""
    reason, found = "end_turn", None
    places = [
        (text.index(sequence), sequence)
        for sequence in call.request.get("stop_sequences", ())
        if sequence in text
    ]
    if places:
        at, found = min(places)
        text, reason = text[:at], "stop_sequence"
    limit = call.max_tokens
    if limit is not None and count_text(text) > limit:
        text, reason, found = (
            text.encode()[: limit * 4].decode(errors="ignore"),
            "max_tokens",
            None,
        )
    return text, reason, found
