"""Streams of lines, of JSON sequences and of plain texts are read however they fall."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate_sdk import ResponseDecodeError
from headgate_sdk._errors import ERRORS
from headgate_sdk._runtime.reader import EventReader
from headgate_sdk._runtime.shapes import StreamShape
from headgate_sdk._runtime.sse import SequenceDecoder


def read(shape: StreamShape, chunks: list[bytes]) -> list[Any]:
    """The events of a body that comes in those chunks and then ends."""
    reader = EventReader(shape, ERRORS)
    found: list[Any] = []
    for chunk in chunks:
        found += reader.read(chunk)
    found += reader.flush()
    assert reader.error is None
    assert reader.finish()
    return found


@given(values=st.lists(st.dictionaries(st.text(max_size=3), st.integers()), max_size=4))
def test_every_cut(values: list[Any]) -> None:
    """Values come out as they went in, wherever the body is cut."""
    texts = [json.dumps(each).encode() for each in values]
    bodies: dict[Any, bytes] = {
        "jsonl": b"\n".join(texts),
        "json-seq": b"".join(b"\x1e" + text + b"\n" for text in texts),
    }
    for framing, body in bodies.items():
        shape = StreamShape(payload=dict[str, Any], framing=framing)
        for at in range(len(body) + 1):
            assert values == read(shape, [body[:at], body[at:]])


def test_a_text_of_several_lines() -> None:
    """A text of a sequence may have line feeds inside; it comes once whole."""
    decoder = SequenceDecoder()
    found = [list(decoder.feed(each)) for each in (b'\x1e{\n"a"', b":\n1}\n", b"\x1e2")]

    assert [len(each) for each in found] == [0, 1, 0]
    assert [frame[1] for frame in decoder.finish()] == [b"2"]


@pytest.mark.parametrize("text", ["plain", "{not json", '"quoted"', "two\nlines"])
def test_plain_texts(text: str) -> None:
    """Events that are said to be texts are given as they are."""
    lines = "".join(f"data: {line}\n" for line in text.split("\n"))
    assert read(StreamShape(payload=str), [f"{lines}\n".encode()]) == [text]


def test_whole_frames() -> None:
    """A frame that is an event of its own has its name and its data."""
    frames = (
        b'event: stored\ndata: {"a": 1}\n\nevent: note\ndata: 12\n\n'
        b"event: other\ndata: 12\n\nevent: another\ndata: plain\n\n"
        b"event: note\ndata:\n\nevent: idle\ndata:\n\n"
    )
    shape = StreamShape(
        payload=dict[str, Any], frames={"stored": "json", "note": "text"}
    )

    assert read(shape, [frames]) == [
        {"event": "stored", "data": {"a": 1}},
        {"event": "note", "data": "12"},
        {"event": "other", "data": 12},
        {"event": "another", "data": "plain"},
        {"event": "note", "data": ""},
        {"event": "idle", "data": ""},
    ]


def test_a_whole_frame_of_broken_json() -> None:
    """Data that is no JSON is no event, and cannot give itself another name."""
    shape = StreamShape(payload=dict[str, Any], frames={"stored": "json"})
    reader = EventReader(shape, ERRORS)

    assert list(reader.read(b'event: stored\ndata: 1,"event":"note"\n\n')) == []
    assert isinstance(reader.error, ResponseDecodeError)
    assert reader.error.raw == '1,"event":"note"'
