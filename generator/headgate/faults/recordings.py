"""The streams that are served: recorded from the reference gateway, or made of those.

Every recording keeps its declaration; `tests/faults` asks the checker.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

from headgate.document.json_values import Json, JsonObject

Kind = Literal["run", "message", "other"]

NAMES = ("text", "tools", "utf8", "error", "crlf", "long")
"""The six streams; each is there as a run and as a message."""

LONG = 10_000
"""How many events the recording `long` has."""

_FOLDER = Path(__file__).parent / "recordings"
_BLANK = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_TICK = "tick "


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its bytes with the blank line, its name, and what it tells.

    `line` is what a driver notes of it, to be compared without a JSON library.
    """

    raw: bytes
    name: str
    line: str


@dataclass(frozen=True)
class Recording:
    """A stream's events and how it ends: `complete`, or with the error of that class.

    `delivered` is how many events reach the caller: an error event is raised instead.
    """

    name: str
    kind: Kind
    events: tuple[Event, ...]
    run_id: str = ""
    ending: str = "complete"

    @property
    def size(self) -> int:
        """The number of events."""
        return len(self.events)

    @property
    def delivered(self) -> int:
        """How many events a caller gets to see."""
        return self.size if self.ending == "complete" else self.size - 1

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """The offset at which each event ends, blank line included."""
        offsets: list[int] = []
        at = 0
        for event in self.events:
            at += len(event.raw)
            offsets.append(at)
        return tuple(offsets)

    def digest(self, first: int, count: int) -> str:
        """The digest of `count` events from the one numbered `first` on."""
        return digest_of(event.line for event in self.events[first - 1 :][:count])


def digest_of(lines: Iterable[str]) -> str:
    """The first 16 hexadecimal digits of SHA-256 over the lines, each with its end."""
    whole = hashlib.sha256()
    for line in lines:
        whole.update(line.encode() + b"\n")
    return whole.hexdigest()[:16]


def read_recording(path: Path) -> Recording:
    """Read anybody's stream: a file of event-stream bytes."""
    return _recording(path.stem, "other", path.read_bytes())


@cache
def recording(kind: Kind, name: str) -> Recording:
    """One of the six streams, as a run or as a message."""
    if name == "crlf":
        text = recording(kind, "text")
        return _changed(text, "crlf", lambda raw: raw.replace(b"\n", b"\r\n"))
    read = _recording(name, kind, (_FOLDER / f"{kind}-{name}.sse").read_bytes())
    return lengthened(read, LONG) if name == "long" else read


def edited(whole: Recording, number: int, raw: bytes) -> Recording:
    """The recording with another event in the place of one of its own."""
    events = list(whole.events)
    events[number - 1] = _event(raw, whole.kind)
    return replace(whole, events=tuple(events))


def foreign(whole: Recording, number: int) -> bytes:
    """The bytes of an event as another run would send them."""
    other = whole.run_id[:-2] + "ZZ"
    return whole.events[number - 1].raw.replace(whole.run_id.encode(), other.encode())


def lengthened(short: Recording, size: int) -> Recording:
    """Repeat the tick in the middle until the stream has `size` events."""
    ticks = [n for n, event in enumerate(short.events) if event.line.endswith(_TICK)]
    first, last = ticks[0], ticks[-1]
    more = size - short.size + len(ticks)
    said = json.dumps(_TICK * len(ticks)).encode()
    says = json.dumps(_TICK * more).encode()
    raws = [event.raw.replace(said, says) for event in short.events]
    raws[first : last + 1] = [raws[first]] * more
    numbered = [_renumbered(raw, number) for number, raw in enumerate(raws, 1)]
    return _recording(short.name, short.kind, b"".join(numbered))


def _renumbered(raw: bytes, number: int) -> bytes:
    raw = re.sub(rb"\nid: \d+\n", b"\nid: %d\n" % number, raw)
    return re.sub(rb'"sequence_number":\d+', b'"sequence_number":%d' % number, raw)


def _changed(
    whole: Recording, name: str, change: Callable[[bytes], bytes]
) -> Recording:
    events = tuple(replace(event, raw=change(event.raw)) for event in whole.events)
    return replace(whole, name=name, events=events)


def _recording(name: str, kind: Kind, content: bytes) -> Recording:
    events = tuple(_event(raw, kind) for raw in _split(content))
    last = _payload(events[-1].raw)
    return Recording(
        name=name,
        kind=kind,
        events=events,
        run_id=str(last.get("run_id", "")),
        ending="OverloadedError" if events[-1].name == "error" else "complete",
    )


def _split(content: bytes) -> Sequence[bytes]:
    raws: list[bytes] = []
    start = 0
    for blank in _BLANK.finditer(content):
        raws.append(content[start : blank.end()])
        start = blank.end()
    return raws


def _event(raw: bytes, kind: Kind) -> Event:
    if kind == "other":
        return Event(raw, "", "")
    payload = _payload(raw)
    name = str(payload.get("type", ""))
    return Event(raw, name, line_of(payload))


def line_of(payload: JsonObject) -> str:
    """What a driver notes of an event: its number, its name, and the text it adds."""
    inner = _object(payload.get("event")) or payload
    delta = _object(inner.get("delta"))
    pieces = (delta.get(key) for key in ("text", "thinking", "partial_json"))
    text = next((piece for piece in pieces if isinstance(piece, str)), "")
    return f"{payload.get('sequence_number', '-')}:{payload.get('type', '')}:{text}"


def _payload(raw: bytes) -> JsonObject:
    lines = raw.decode("utf-8", "replace").replace("\r", "\n").split("\n")
    data = "".join(line[6:] for line in lines if line.startswith("data: "))
    try:
        return _object(json.loads(data))
    except ValueError:
        return {}


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}
