"""The SDK's decoder gives what the shared vectors state, however a body is cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from headgate_sdk._runtime.errors import StreamLimitError
from headgate_sdk._runtime.sse import EventDecoder
from tests.vectors.reference_sse import Event
from tests.vectors.sse_vectors import Vector, read_vectors

VECTORS = read_vectors()
LONG = 2048
"""Bodies beyond this are cut at fewer places, as the vectors' README says."""

Outcome = tuple[tuple[Event, ...], str, int | None, str | None]


def decode(vector: Vector, chunks: Iterable[bytes]) -> Outcome:
    """All that a decoder says about a body that comes in those chunks."""
    limits = {"line_limit": vector.line_limit, "event_limit": vector.event_limit}
    decoder = EventDecoder(**{k: v for k, v in limits.items() if v is not None})
    events: list[Event] = []
    error = None
    try:
        for chunk in chunks:
            for frame in decoder.feed(chunk):
                name, data, last_id = frame
                text = data.decode("utf-8", "replace")
                events.append(Event(name, text, last_id))
    except StreamLimitError as excess:
        error = f"{excess.what}-too-long"
    return tuple(events), decoder.last_event_id, decoder.retry, error


def expected(vector: Vector) -> Outcome:
    return vector.events, vector.last_event_id, vector.retry, vector.error


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    """The body in chunks of a size, with an empty chunk between each two."""
    for start in range(0, len(body), size):
        yield body[start : start + size]
        yield b""


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.label)
def test_whole_body(vector: Vector) -> None:
    """A body that comes in one piece gives the vector's events."""
    assert expected(vector) == decode(vector, [vector.body])


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.label)
def test_small_chunks(vector: Vector, size: int) -> None:
    """Chunks of one, two and three bytes give the same events."""
    assert expected(vector) == decode(vector, pieces(vector.body, size))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.label)
def test_every_split(vector: Vector) -> None:
    """A body cut in two gives the same events wherever it is cut."""
    body = vector.body
    step = 1 if len(body) <= LONG else 997
    outcomes = {
        decode(vector, [body[:offset], body[offset:]])
        for offset in range(0, len(body) + 1, step)
    }

    assert {expected(vector)} == outcomes
