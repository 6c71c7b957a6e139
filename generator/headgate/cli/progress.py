"""The line that a person sees when a command takes long."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Final, Self, TextIO

PATIENCE: Final = 1.0
"""Seconds after which a person asks whether anything is happening."""

_CLEAR: Final = "\r\x1b[2K"


class Progress:
    """Shows the current stage on a terminal, from `patience` seconds on.

    Nothing is written where standard error is no terminal, and nothing is left on
    the line afterwards.
    """

    def __init__(
        self, output: TextIO | None = None, *, patience: float = PATIENCE
    ) -> None:
        self._output = output or sys.stderr
        self._timer = threading.Timer(patience, self._begin)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._stage = ""
        self._is_shown = False

    def __enter__(self) -> Self:
        """Begin to count the time."""
        if self._output.isatty():
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Clear the line, whatever happened."""
        self._timer.cancel()
        with self._lock:
            if self._is_shown:
                self._write(_CLEAR)
            self._is_shown = False

    def stage(self, name: str) -> None:
        """Say what is being done from now on."""
        with self._lock:
            self._stage = name
            if self._is_shown:
                self._write(f"{_CLEAR}{name} …")

    def _begin(self) -> None:
        with self._lock:
            self._is_shown = True
            self._write(f"{_CLEAR}{self._stage} …")

    def _write(self, text: str) -> None:
        self._output.write(text)
        self._output.flush()
