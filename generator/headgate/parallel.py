"""Work that is done by several processes at once, where that saves time.

Each piece is done by a copy of this process, which knows all that was read so far
without being told. Where there are no such copies (Windows), where there is one
processor, or where a copy fails, this process does the work itself: what comes out,
errors too, is the same either way.
"""

from __future__ import annotations

import marshal
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from io import BufferedReader

    Files = dict[str, bytes]


def at_once(pieces: Sequence[Callable[[], Files]]) -> list[Files]:
    """Do all pieces, each but the last in a copy of this process."""
    if not _can_copy():
        return [piece() for piece in pieces]
    started = [_start(piece) for piece in pieces[:-1]]
    try:
        last = pieces[-1]()
    finally:
        done = [_finish(*each) for each in started]
    found = [
        piece() if files is None else files
        for piece, files in zip(pieces, done, strict=False)
    ]
    return [*found, last]


def _can_copy() -> bool:
    """Whether a copy is possible and of use.

    Threads would be missing in it, and what they lock would stay locked; a timer
    that waits locks nothing.
    """
    processors = os.cpu_count() or 1
    others = set(threading.enumerate()) - {threading.current_thread()}
    is_alone = all(isinstance(other, threading.Timer) for other in others)
    return hasattr(os, "fork") and processors > 1 and is_alone


def _start(piece: Callable[[], Files]) -> tuple[int, BufferedReader]:
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return process, os.fdopen(reading, "rb")
    code = 1
    try:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            marshal.dump(piece(), pipe)
        code = 0
    finally:
        # Nothing else of this process may happen twice: no handlers, no buffers.
        os._exit(code)


def _finish(process: int, pipe: BufferedReader) -> Files | None:
    """Take what a copy has made; None where it failed."""
    with pipe:
        content = pipe.read()
    _, status = os.waitpid(process, 0)
    if status:
        return None
    files: Files = marshal.loads(content)  # noqa: S302 - our own copy wrote it
    return files
