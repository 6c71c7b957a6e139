"""Whole event streams: events that the document allows, framed as it declares."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import find

from headgate.contract.strategies import Hint, valid_streams
from headgate.contract.stream import streams_of
from headgate.ir.api import Api
from headgate.ir.streams import Stream
from headgate.ir.types import Ref, Scalar
from tests.contract_streams.hints import HINTS, RUN_HINTS
from tests.corpus.values import BRIEF, Values

EVENTS = 4
HINTED: Mapping[str, Mapping[str, Hint]] = {"message": HINTS, "run": RUN_HINTS}


class Frames:
    """Makes streams for one document."""

    def __init__(self, api: Api, root: dict[str, Any]) -> None:
        self._api = api
        self._values = Values(root)
        self._declared = streams_of(root)

    def stream(
        self, name: str, operation: str, asked: Mapping[str, Any]
    ) -> tuple[list[Any], bytes]:
        """The events of a stream that ends well, and its bytes.

        Where the operation asks for one stream of many, the events are of that one.
        """
        stream = self._api.streams[name]
        has_order = stream.declared and stream.discriminator is not None
        events = self._ordered(stream) if has_order else self._loose(stream)
        if stream.resume is not None and stream.resume.operation == operation:
            for parameter, field in stream.resume.parameters:
                for event in events:
                    event.update({field: asked[parameter]} if field in event else {})
        frames = [_frame(stream, event) for event in events]
        if stream.sentinel is not None:
            frames.append(f"data: {stream.sentinel}\n\n")
        return events, "".join(frames).encode()

    def cursors(self, name: str) -> set[str]:
        """The parameters that ask for less than the whole stream."""
        resume = self._api.streams[name].resume
        if resume is None:
            return set()
        return {each for each in (resume.cursor_query, resume.cursor_header) if each}

    def _ordered(self, stream: Stream) -> list[Any]:
        """A walk over the declaration's states to a good end."""
        declared = self._declared[stream.name]
        walks = valid_streams(declared, hints=HINTED.get(stream.name), events=EVENTS)
        good = {case.name for case in stream.cases if case.ending == "complete"}

        def ends_well(events: list[Any]) -> bool:
            return events[-1].get(stream.discriminator or "") in good

        return find(walks, ends_well, settings=BRIEF)

    def _loose(self, stream: Stream) -> list[Any]:
        if not isinstance(stream.event, Ref):
            return ["one", "two"]
        return list(self._values.valid(stream.event.id, EVENTS))


def _frame(stream: Stream, event: Any) -> str:
    # Where events are said to be texts, a frame holds the text as it is, no JSON.
    is_text = isinstance(stream.event, Scalar) and stream.event.kind == "string"
    text = str(event) if is_text else json.dumps(event)
    if stream.framing == "jsonl":
        return f"{text}\n"
    if stream.framing == "json-seq":
        return f"\x1e{text}\n"
    lines = []
    if stream.enveloped and stream.discriminator is not None:
        lines.append(f"event: {event[stream.discriminator]}")
    if stream.sequence is not None and stream.sequence in event:
        lines.append(f"id: {event[stream.sequence]}")
    return "\n".join([*lines, f"data: {text}", "", ""])
