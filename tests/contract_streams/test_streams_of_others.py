"""Public streams of others can be declared as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from headgate.contract import Stream, check_body, check_frames, streams_of
from headgate.contract.folding import fold_events
from headgate.contract.framing import decoder_for
from headgate.contract.sse import Frame

CHAT = (Path(__file__).parent / "public" / "openai-chat.yaml").read_text("utf-8")

LINES = """
framing: jsonl
discriminator: null
kinds: {last: "event.done", part: "true"}
states:
  before: {part: {to: open}, last: {to: end}}
  open: {part: {}, last: {to: end}}
ends: {end: complete}
"""

NESTED_KEYS = """
discriminator: event
states:
  before: {begin: {to: open}}
  open: {word: {}, end: {to: end}}
ends: {end: complete}
fold:
  begin: [{set: '', from: whole}]
  word: [{append: words, from: new}, {merge: meta, from: meta}]
"""


def stream(text: str) -> Stream:
    declaration: Any = yaml.safe_load(text)
    return streams_of({"x-streams": {"theirs": declaration}})["theirs"]


def chunk(content: str | None = None, **fields: Any) -> str:
    delta = {} if content is None else {"content": content}
    role = fields.pop("role", None)
    choice = {"index": 0, "delta": delta | ({"role": role} if role else {})}
    choice["finish_reason"] = fields.pop("reason", None)
    return json.dumps({"id": "chatcmpl-1", "choices": [choice], **fields})


FIRST = chunk("", role="assistant")
LAST = chunk(reason="stop")
DONE = "[DONE]"
ERROR = '{"error": {"message": "broken"}}'


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([FIRST, chunk("Hi"), LAST, DONE], []),
        ([FIRST, chunk("Hi"), ERROR], []),
        ([FIRST, chunk("Hi"), LAST], ["C7"]),
        ([FIRST, LAST, DONE, DONE], ["C7"]),
        ([FIRST, chunk("Hi", id="chatcmpl-2"), LAST, DONE], ["C1"]),
        ([FIRST, FIRST, LAST, DONE], ["C2"]),
        ([FIRST, LAST, LAST, DONE], ["C3"]),
        ([FIRST, chunk("Hi"), DONE], ["C3"]),
        ([FIRST, "not json", LAST, DONE], ["F2"]),
        ([FIRST, '{"odd": 1}', LAST, DONE], ["F2"]),
    ],
)
def test_chat_completions(texts: list[str], expected: list[str]) -> None:
    """Frames without names, events without a tag, and a sentinel at the end."""
    actual = check_frames(stream(CHAT), [Frame(text) for text in texts])

    assert [violation.rule for violation in actual] == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"done": false}\n{"done": true}\n', []),
        (b'{"done": true}\r\n', []),
        (b'{"done": false}\n{"done": tr', ["S6", "S2"]),
        (b'{"done": false}\n', ["S6"]),
    ],
)
def test_json_lines(body: bytes, expected: list[str]) -> None:
    """Lines of JSON are frames without names and ids."""
    actual = check_body(stream(LINES), body)

    assert [violation.rule for violation in actual] == expected


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_json_text_sequences(size: int) -> None:
    """Records begin with RS and end with a line feed (RFC 7464)."""
    body = b'\x1e{"a": 1}\n\x1e{"b": 2}\n\x1e{"c"'
    decoder = decoder_for("json-seq")
    frames: list[Frame] = []
    for place in range(0, len(body), size):
        frames += decoder.feed(body[place : place + size])

    assert frames == [Frame('{"a": 1}'), Frame('{"b": 2}')]
    assert decoder.finish() == ["the body ends inside a frame"]


def test_lists_and_objects_fold_too() -> None:
    """`append` joins lists, `merge` writes fields over those of an object."""
    events: list[Any] = [
        {"event": "begin", "whole": {"words": ["a"], "meta": {"x": 1, "y": 1}}},
        {"event": "word", "new": ["b", "c"], "meta": {"y": 2}},
        {"event": "word", "new": ["d"]},
    ]

    actual = fold_events(stream(NESTED_KEYS).declaration, events)

    assert actual == {"words": ["a", "b", "c", "d"], "meta": {"x": 1, "y": 2}}
