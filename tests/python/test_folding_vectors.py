"""A stream's events fold to the object that the shared vectors state."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from headgate_sdk import ResponseDecodeError
from headgate_sdk._runtime.models import ApiModel, read_json
from headgate_sdk.streams.chat import ChatFold
from headgate_sdk.streams.message import MessageFold
from headgate_sdk.streams.run import RunFold
from headgate_sdk.types import (
    ChatCompletionChunk,
    MessageStreamEvent,
    RunStreamEvent,
)
from tests.python.shared_vectors import Case, check_keys, read_cases, spread

STREAMS: dict[str, Any] = {
    "message": (MessageFold, MessageStreamEvent),
    "run": (RunFold, RunStreamEvent),
    "chat": (ChatFold, ChatCompletionChunk),
}


def folded(stream: str, events: list[Any]) -> Any:
    """The JSON form of what the events build, null when none began it."""
    fold_type, union = STREAMS[stream]
    fold = fold_type()
    for event in events:
        fold.add(read_json(union, json.dumps(event).encode()))
    try:
        result: ApiModel = fold.result()
    except ResponseDecodeError:
        return None
    return result.to_dict()


def whole(events: list[Any]) -> list[Any]:
    """The events with each that comes several times written out."""
    found: list[Any] = []
    for event in events:
        found += [event["event"]] * event["times"] if "times" in event else [event]
    return spread(found)


def variants(vector: dict[str, Any]) -> Iterator[list[Any]]:
    """The events as given, and with one of them cut everywhere it can be."""
    events = whole(vector["events"])
    yield events
    if "splits" not in vector:
        return
    check_keys(vector["splits"], "event", "at")
    place, path = vector["splits"]["event"], vector["splits"]["at"].split(".")
    text = events[place]
    for step in path:
        text = text[step]
    cuts = [[text[:at], text[at:]] for at in range(len(text) + 1)]
    for pieces in [*cuts, list(text)]:
        pieced = [_with(events[place], path, piece) for piece in pieces]
        yield [*events[:place], *pieced, *events[place + 1 :]]


def _with(event: Any, path: list[str], text: str) -> Any:
    event = copy.deepcopy(event)
    inner = event
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = text
    return event


def without_none(value: Any, model: Any) -> Any:
    """Drop what is none where the model has no such key."""
    if isinstance(value, dict) and isinstance(model, dict):
        return {
            key: without_none(item, model.get(key))
            for key, item in value.items()
            if item is not None or key in model
        }
    if isinstance(value, list) and isinstance(model, list) and len(value) == len(model):
        return [without_none(*pair) for pair in zip(value, model, strict=True)]
    return value


@pytest.mark.parametrize("case", read_cases("folding"), ids=lambda case: case.label)
def test_fold(case: Case) -> None:
    """The object is the same wherever the text was cut."""
    vector = case.vector
    check_keys(vector, "name", "note", "stream", "events", "splits", "folded")
    expected = spread(vector["folded"])
    outcomes = [folded(vector["stream"], events) for events in variants(vector)]

    assert [without_none(each, expected) for each in outcomes] == [expected] * len(
        outcomes
    )
