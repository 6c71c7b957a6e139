"""The recordings are streams as they should be, and ten thousand events long if so."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.contract import SseDecoder, StreamChecker, Violation, streams_of
from headgate.contract.stream import Stream
from headgate.document import load_document
from headgate.faults.recordings import LONG, NAMES, Kind, recording

SPEC = Path(__file__).parents[2] / "spec" / "openapi.yaml"
KINDS: tuple[Kind, ...] = ("run", "message")


@pytest.fixture(scope="module")
def streams() -> dict[str, Stream]:
    return streams_of(load_document(SPEC).root)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_a_recording_keeps_its_declaration(
    streams: dict[str, Stream], kind: Kind, name: str
) -> None:
    """The checker finds nothing wrong, from the first byte to the terminal event."""
    whole = recording(kind, name)
    checker = StreamChecker(streams[kind])
    for frame in SseDecoder().feed(b"".join(event.raw for event in whole.events)):
        checker.feed(frame)

    violations: list[Violation] = checker.finish()

    assert violations == []
    assert len(checker.events) == whole.size
    assert checker.ended == ("failed" if name == "error" else "complete")


@pytest.mark.parametrize("kind", KINDS)
def test_the_long_recording_is_long(kind: Kind) -> None:
    """Ten thousand events, numbered by their places."""
    whole = recording(kind, "long")

    assert whole.size == LONG == 10_000
    if kind == "run":
        numbers = [event.line.split(":")[0] for event in whole.events]
        assert numbers == [str(place) for place in range(1, LONG + 1)]


def test_lines_end_as_the_name_says() -> None:
    """The recording `crlf` has no line feed without its carriage return."""
    raw = b"".join(event.raw for event in recording("run", "crlf").events)

    assert raw.count(b"\n") == raw.count(b"\r\n") > 0


def test_utf8_is_heavy() -> None:
    """Two, three and four bytes a character, and line ends that are none."""
    raw = b"".join(event.raw for event in recording("run", "utf8").events)
    text = raw.decode()

    assert {len(character.encode()) for character in text} == {1, 2, 3, 4}
    assert {"\u2028", "\u2029", "\u0085", "\ufeff"} <= set(text)
