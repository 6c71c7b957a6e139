"""A second reading of the WHATWG event-stream rules, to check the vectors against.

It is written to be compared with the standard's text step by step (HTML, section
9.2.6 "Interpreting an event stream"), not to be fast: it decodes the whole body,
splits it into lines and processes each one. The SDKs' decoders work on bytes as they
arrive, share nothing with it and are held to the same vectors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LARGEST_RETRY = 2**53 - 1
"""The reconnection time that every language can hold exactly; larger ones stop here."""

_LINE_END = re.compile("\r\n|\n|\r")
_LINE_END_BYTES = re.compile(b"\r\n|\n|\r")


@dataclass(frozen=True)
class Event:
    """One dispatched event: its type, its data, and the last event ID at that time."""

    event: str
    data: str
    id: str
    has_id: bool = field(default=False, compare=False)


@dataclass
class Interpretation:
    """What a body means: its events, the state it leaves, and why it was given up."""

    events: list[Event] = field(default_factory=list)
    last_event_id: str = ""
    retry: int | None = None
    error: str | None = None


@dataclass
class _Buffers:
    data: str = ""
    event_type: str = ""
    last_event_id: str = ""
    has_id: bool = False
    data_bytes: int = -1


def interpret(
    body: bytes, *, line_limit: int | None = None, event_limit: int | None = None
) -> Interpretation:
    """Interpret a whole body, which ends after its last byte.

    Limits count bytes as received: of a line without its end, and of an event's data
    lines joined by single line feeds.
    """
    result = Interpretation()
    buffers = _Buffers()
    lines, rest = _lines(body)
    for raw in lines:
        if line_limit is not None and len(raw) > line_limit:
            result.error = "line-too-long"
            return result
        _process_line(_decode(raw), buffers, result)
        if raw.startswith(b"data") and raw[4:5] in (b"", b":"):
            buffers.data_bytes += 1 + len(_value_bytes(raw))
        elif not raw:
            buffers.data_bytes = -1
        if event_limit is not None and buffers.data_bytes > event_limit:
            result.error = "event-too-long"
            return result
    if line_limit is not None and len(rest) > line_limit:
        result.error = "line-too-long"
    return result


def _lines(body: bytes) -> tuple[list[bytes], bytes]:
    """Split into ended lines and the unended rest, which the end of body discards."""
    *lines, rest = _LINE_END_BYTES.split(body.removeprefix(b"\xef\xbb\xbf"))
    return lines, rest


def _decode(raw: bytes) -> str:
    """UTF-8 decode; CR and LF never occur inside a sequence, so a line stands alone."""
    text = raw.decode("utf-8", "replace")
    assert not _LINE_END.search(text)
    return text


def _value_bytes(raw: bytes) -> bytes:
    return raw.partition(b":")[2].removeprefix(b" ")


def _process_line(line: str, buffers: _Buffers, result: Interpretation) -> None:
    if line == "":
        _dispatch(buffers, result)
    elif line.startswith(":"):
        pass
    elif ":" in line:
        name, _, value = line.partition(":")
        _process_field(name, value.removeprefix(" "), buffers, result)
    else:
        _process_field(line, "", buffers, result)


def _process_field(
    name: str, value: str, buffers: _Buffers, result: Interpretation
) -> None:
    if name == "event":
        buffers.event_type = value
    elif name == "data":
        buffers.data += value + "\n"
    elif name == "id":
        if "\0" not in value:
            buffers.last_event_id = value
            buffers.has_id = True
    elif name == "retry" and re.fullmatch("[0-9]+", value):
        significant = value.lstrip("0") or "0"
        too_long = len(significant) > len(str(LARGEST_RETRY))
        result.retry = (
            LARGEST_RETRY if too_long else min(int(significant), LARGEST_RETRY)
        )


def _dispatch(buffers: _Buffers, result: Interpretation) -> None:
    result.last_event_id = buffers.last_event_id
    has_id, buffers.has_id = buffers.has_id, False
    if buffers.data == "":
        buffers.event_type = ""
        return
    result.events.append(
        Event(
            event=buffers.event_type or "message",
            data=buffers.data.removesuffix("\n"),
            id=result.last_event_id,
            has_id=has_id,
        )
    )
    buffers.data = ""
    buffers.event_type = ""
