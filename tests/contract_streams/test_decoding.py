"""The checker's decoder reads event streams as the shared vectors say."""

from __future__ import annotations

import pytest

from headgate.contract.sse import (
    EVENT_LIMIT,
    LINE_LIMIT,
    Frame,
    FrameTooLargeError,
    SseDecoder,
    decode,
    encode,
)
from tests.vectors.sse_vectors import Vector, read_vectors

ERRORS = {"line-too-long", "event-too-long"}


def outcome(vector: Vector, pieces: list[bytes]) -> tuple[object, ...]:
    decoder = SseDecoder(
        line_limit=vector.line_limit or LINE_LIMIT,
        event_limit=vector.event_limit or EVENT_LIMIT,
    )
    frames: list[Frame] = []
    error = None
    try:
        for piece in pieces:
            frames += decoder.feed(piece)
    except FrameTooLargeError as failure:
        frames += failure.frames
        error = failure.code
    events = tuple((f.type, f.data, f.last_event_id) for f in frames)
    return (events, decoder.last_event_id, decoder.retry, error)


def expected_outcome(vector: Vector) -> tuple[object, ...]:
    events = tuple((e.event, e.data, e.id) for e in vector.events)
    return (events, vector.last_event_id, vector.retry, vector.error)


@pytest.mark.parametrize("vector", read_vectors(), ids=lambda vector: vector.label)
def test_vector_whole_in_pieces_and_at_every_split(vector: Vector) -> None:
    """However the body is cut, the same frames come out."""
    body = vector.body
    expected = expected_outcome(vector)
    offsets = range(1, len(body), 1 if len(body) <= 2048 else 9973)
    cuts = [[body], *([body[:at], body[at:]] for at in offsets)]
    if len(body) <= 2048:
        for size in (1, 2, 3):
            steps = range(0, len(body), size)
            cuts.append([body[at : at + size] for at in steps])

    actual = [outcome(vector, pieces) for pieces in cuts]

    assert actual == [expected] * len(cuts)


def test_keeps_whether_a_frame_had_its_own_id() -> None:
    """A browser remembers the last id; the checker must know whose it was."""
    frames = decode(b"id: 1\ndata: a\n\ndata: b\n\n")

    assert frames == [Frame("a", "", "1", "1"), Frame("b", "", None, "1")]


def test_notes_what_a_good_server_never_sends() -> None:
    """Unknown fields and a cut frame are oddities, not errors."""
    decoder = SseDecoder()
    decoder.feed(b"dat: a\nretry: soon\n\nevent: x\ndata: half")

    assert decoder.finish() == [
        "there is no field 'dat'",
        "a value of 'retry' is to be ignored",
        "the body ends inside a frame",
    ]


def test_encoding_is_decoded_back() -> None:
    """A written frame reads as itself."""
    frame = Frame('{"a": 1}\nb', "note", "7", "7")

    assert decode(encode(frame)) == [frame]
