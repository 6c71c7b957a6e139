"""Asks a server, or a recording of one, whether it keeps a document's promises.

Streams are checked against their declarations (`docs/streams.md`).
"""

from headgate.contract.checker import (
    StreamChecker,
    Violation,
    check_body,
    check_frames,
)
from headgate.contract.sse import Frame, SseDecoder
from headgate.contract.stream import DeclarationError, Stream, streams_of

__all__ = [
    "DeclarationError",
    "Frame",
    "SseDecoder",
    "Stream",
    "StreamChecker",
    "Violation",
    "check_body",
    "check_frames",
    "streams_of",
]
