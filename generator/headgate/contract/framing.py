"""Bytes to frames for each framing that a declaration can name."""

from __future__ import annotations

from typing import Protocol

from headgate.contract.declaration import Framing
from headgate.contract.sse import LINE_LIMIT, Frame, FrameTooLargeError, SseDecoder


class Decoder(Protocol):
    """Takes bytes in pieces of any size and gives the frames that they complete."""

    def feed(self, chunk: bytes) -> list[Frame]:
        """Decode some more bytes."""
        ...

    def finish(self) -> list[str]:
        """End the body and give what a good server never sends."""
        ...


def decoder_for(framing: Framing) -> Decoder:
    """Give a new decoder for a framing."""
    match framing:
        case "sse":
            return SseDecoder()
        case "jsonl":
            return _RecordDecoder(b"\n", ends=True)
        case "json-seq":
            return _RecordDecoder(b"\x1e", ends=False)


class _RecordDecoder:
    """JSON texts that end with a line feed, or that begin with RS (RFC 7464)."""

    def __init__(self, separator: bytes, *, ends: bool) -> None:
        self._separator = separator
        self._ends = ends
        self._rest = b""

    def feed(self, chunk: bytes) -> list[Frame]:
        """Decode some more bytes."""
        *records, self._rest = (self._rest + chunk).split(self._separator)
        frames = _frames(records)
        # A JSON text sequence's last text has no separator behind it, only a line
        # feed, which tells a whole text from a cut one.
        if not self._ends and self._rest.endswith(b"\n"):
            frames += _frames([self._rest])
            self._rest = b""
        if len(self._rest) > LINE_LIMIT:
            raise FrameTooLargeError("line-too-long", LINE_LIMIT, frames)
        return frames

    def finish(self) -> list[str]:
        """End the body and give what a good server never sends."""
        return ["the body ends inside a frame"] if self._rest.strip() else []


def _frames(records: list[bytes]) -> list[Frame]:
    texts = [record.decode("utf-8", errors="replace").strip() for record in records]
    return [Frame(text) for text in texts if text]
