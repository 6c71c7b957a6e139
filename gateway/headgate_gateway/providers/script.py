"""``mock/script``: plays the script in a request's metadata, faults included."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from typing import NoReturn

from headgate_gateway import events
from headgate_gateway.errors import GatewayError
from headgate_gateway.ids import new_id, ulid
from headgate_gateway.json import JsonObject, canonical, dump_text
from headgate_gateway.providers import wire
from headgate_gateway.providers.interface import ModelCall
from headgate_gateway.providers.scenario import script_of
from headgate_gateway.providers.structured import wants_json
from headgate_gateway.providers.tokens import count_request, count_text

_AFTER_THE_SCRIPT: JsonObject = {"text": "The script is over."}
_STATUS_CODES = {
    401: "provider_key_rejected",
    403: "provider_key_rejected",
    408: "upstream_timeout",
    429: "rate_limit_exceeded",
    503: "overloaded",
    504: "upstream_timeout",
    529: "overloaded",
}
_DEFAULT_CHUNK = 12
_REMEMBERED_SCRIPTS = 10_000


class ScriptPlayer:
    """Plays scripts; remembers how often a script's HTTP fault has struck."""

    def __init__(self) -> None:
        self._struck: Counter[bytes] = Counter()

    async def play(self, call: ModelCall, *, model: str) -> events.EventSource:
        """The events of the turn that the conversation has come to."""
        script = _script(call)
        turns: list[JsonObject] = script["turns"]
        turn = turns[call.turn] if call.turn < len(turns) else _AFTER_THE_SCRIPT
        faults = _faults_of(script, call.turn)
        self._strike(script, faults)
        frames = _turn_events(
            turn, call, model=model, with_usage=not faults.get("missing_usage")
        )
        async for batch in wire.decode(_transmit(frames, turn, faults)):
            yield batch

    def _strike(self, script: JsonObject, faults: JsonObject) -> None:
        """Fail as an HTTP server would, as often as the script says."""
        fault = faults.get("http")
        if fault is None:
            return
        name = hashlib.sha256(canonical(script)).digest()
        if len(self._struck) >= _REMEMBERED_SCRIPTS:
            self._struck.clear()
        self._struck[name] += 1
        if self._struck[name] <= fault.get("times", self._struck[name]):
            _fail(fault["status"], fault.get("retry_after"))


def _script(call: ModelCall) -> JsonObject:
    """The call's script; where JSON is asked for without one, one that says JSON."""
    if "script" not in call.metadata and wants_json(call.request):
        return {"turns": [{"text": '{"text":"The sea is calm tonight."}'}]}
    return script_of(call.metadata)


def _faults_of(script: JsonObject, turn: int) -> JsonObject:
    faults: JsonObject = script.get("faults", {})
    return faults if faults.get("turn", 0) == turn else {}


def _fail(status: int, retry_after: int | None) -> NoReturn:
    raise GatewayError(
        _STATUS_CODES.get(status, "upstream_failed"),
        f"The provider answered {status}.",
        retry_after=retry_after,
        details={"upstream_status": status},
    )


def _turn_events(
    turn: JsonObject, call: ModelCall, *, model: str, with_usage: bool
) -> Iterator[JsonObject]:
    asked = count_request(call.request, call.messages)
    usage = turn.get("usage") or events.usage_of(asked, _output_tokens(turn))
    usage = {**usage, "total_tokens": usage["input_tokens"] + usage["output_tokens"]}
    yield events.message_start(
        message_id=new_id("msg"),
        model=model,
        usage=events.usage_of(usage["input_tokens"], 0),
    )
    for index, (block, deltas) in enumerate(_blocks(turn)):
        yield events.block_start(index, block)
        for delta in deltas:
            yield events.block_delta(index, delta)
        yield events.block_stop(index)
    stop_reason = (
        "tool_use" if turn.get("tools") else turn.get("stop_reason", "end_turn")
    )
    yield events.message_delta(stop_reason, usage if with_usage else None)
    yield events.message_stop()


def _blocks(turn: JsonObject) -> Iterator[tuple[JsonObject, list[JsonObject]]]:
    """The turn's blocks as they open, each with the deltas that fill it."""
    size = turn.get("chunk", _DEFAULT_CHUNK)
    if "thinking" in turn:
        deltas = [
            {"type": "thinking_delta", "thinking": text}
            for text in _cut(turn["thinking"], size)
        ]
        if "signature" in turn:
            deltas.append({"type": "signature_delta", "signature": turn["signature"]})
        yield {"type": "thinking", "thinking": ""}, deltas
    if "text" in turn:
        text = turn["text"] * turn.get("repeat", 1)
        yield (
            {"type": "text", "text": ""},
            [{"type": "text_delta", "text": piece} for piece in _cut(text, size)],
        )
    for tool in turn.get("tools", ()):
        block: JsonObject = {
            "type": "tool_use",
            "id": tool.get("id") or f"toolu_{ulid()}",
            "name": tool["name"],
            "input": {},
        }
        pieces = _cut(dump_text(tool["input"]), size)
        yield (
            block,
            [{"type": "input_json_delta", "partial_json": piece} for piece in pieces],
        )


def _cut(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def _output_tokens(turn: JsonObject) -> int:
    texts = [turn.get("thinking", ""), turn.get("text", "") * turn.get("repeat", 1)]
    texts += [dump_text(tool["input"]) for tool in turn.get("tools", ())]
    return sum(map(count_text, texts))


async def _transmit(
    frames: Iterator[JsonObject], turn: JsonObject, faults: JsonObject
) -> AsyncGenerator[bytes, None]:
    """The events as bytes on a wire that breaks where the script says so."""
    for number, event in enumerate(frames):
        if number == faults.get("error_after"):
            raise GatewayError(
                "overloaded",
                "The provider reported an error.",
                details={"scripted": True},
            )
        if number == faults.get("close_after"):
            return
        if number == faults.get("stall_after"):
            await asyncio.Event().wait()
        if number == faults.get("bad_json_after"):
            yield b'event: content_block_delta\ndata: {"type": "content_\n\n'
        for piece in _pieces(wire.encode(event), split=faults.get("split_utf8", False)):
            yield piece
        await asyncio.sleep(turn.get("delay_ms", 0) / 1000)


def _pieces(frame: bytes, *, split: bool) -> list[bytes]:
    """The frame whole, or byte by byte, which cuts characters apart."""
    return [bytes([byte]) for byte in frame] if split else [frame]
