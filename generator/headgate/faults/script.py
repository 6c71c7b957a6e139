"""What a server can do to a stream: one `Answer` for each request of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from headgate.faults.recordings import Recording

Framing = Literal["chunked", "length", "close"]
"""How the end of the body is told: a last chunk, Content-Length, or by closing."""

End = Literal["clean", "fin", "reset", "short", "garbage", "overrun", "stall", "drip"]
"""What comes after the last byte of the script.

`clean`: as the framing promised. `fin`, `reset`: the connection closes instead.
`short`: inside a chunk or before the promised length, then it closes. `garbage`: what
is no chunk. `overrun`: more bytes than Content-Length promised. `stall`: nothing, until
the client leaves. `drip`: comments for ever, so that only the total timeout helps.
"""

Pieces = Literal["events", "whole", "some", "bytes"]
"""How the bytes are cut into writes: an event each, all at once, odd sizes, single."""

Coding = Literal["plain", "gzip", "cut", "corrupt"]
"""Of the body, if the request accepts it: `cut` loses its end, `corrupt` goes wrong."""

Head = Literal["whole", "none", "part", "slow", "hints"]
"""The status line and headers: in one write; not at all; half of them before the end;
byte by byte; after a 103."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Which events an answer holds.

    From the one numbered `start` on (None: the one after the request's cursor),
    `count` of them (None: all), and then `extra` bytes of the next. `instead` gives
    what is sent in the place of an event: numbers are events, bytes are bytes.
    """

    start: int | None = None
    count: int | None = None
    extra: int = 0
    instead: Mapping[int, tuple[int | bytes, ...]] = field(
        default_factory=dict[int, tuple[int | bytes, ...]]
    )

    def pieces(self, recording: Recording, cursor: int) -> list[bytes]:
        """The bytes, an event a piece."""
        first = (cursor if self.start is None else self.start - 1) + 1
        last = recording.size if self.count is None else first + self.count - 1
        found = [
            raw
            for number in range(first, min(last, recording.size) + 1)
            for raw in self._sent(recording, number)
        ]
        if self.extra and last < recording.size:
            found.append(recording.events[last].raw[: self.extra])
        return found

    def last(self, recording: Recording, cursor: int) -> int:
        """The number of the last event that is sent whole."""
        first = (cursor if self.start is None else self.start - 1) + 1
        return recording.size if self.count is None else first + self.count - 1

    def _sent(self, recording: Recording, number: int) -> list[bytes]:
        if number not in self.instead:
            return [recording.events[number - 1].raw]
        return [
            part if isinstance(part, bytes) else recording.events[part - 1].raw
            for part in self.instead[number]
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer; as it stands, the healthy one: the events after the cursor.

    `content` is sent instead of events.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes | None = None
    events: Events = field(default_factory=Events)
    framing: Framing = "chunked"
    coding: Coding = "plain"
    pieces: Pieces = "events"
    head: Head = "whole"
    end: End = "clean"

    def __str__(self) -> str:
        """The answer in a few words, for a report."""
        plain = Answer()
        events = self.events
        parts = [str(self.status), self.framing, self.end]
        if events.start is not None:
            parts.append(f"from {events.start}")
        if events.count is not None:
            parts.append(f"{events.count} events and {events.extra} bytes")
        parts += [
            f"{name} {getattr(self, name)}"
            for name in ("coding", "pieces", "head")
            if getattr(self, name) != getattr(plain, name)
        ]
        return ", ".join(parts)


HEALTHY = Answer()
