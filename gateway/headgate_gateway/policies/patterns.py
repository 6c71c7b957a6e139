"""Patterns that operators write, looked for in texts that callers write.

An engine without backtracking finds them, so that a search takes the time of the text's
length times the pattern's size, and both are bounded. What would take longer all the
same, to find very many places, is given up: no text that cannot be looked at passes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from time import thread_time
from typing import Any

from headgate_gateway.errors import GatewayError

_LARGEST = 512
"""Instructions of a pattern; one of ten letters has about so many."""
_STEPS = 2**25
"""Length of a text times size of a pattern: any may be 64 KiB long. Half a second."""
_SECONDS = 0.5
"""Of work in all for one pattern in one body."""
_MEMORY = 2**20


class PatternError(Exception):
    """Why a pattern cannot be looked for."""


class Pattern:
    """A regular expression as RE2 reads it."""

    def __init__(self, text: str) -> None:
        # Here and not at the top: many a gateway has no patterns.
        engine: Any = import_module("re2")
        options = engine.Options()
        options.log_errors, options.never_capture = False, True
        options.max_mem = _MEMORY
        try:
            self._found: Any = engine.compile(text, options)
        except engine.error as error:
            raise PatternError(_words(error)) from None
        self.size: int = self._found.programsize
        if self.size > _LARGEST:
            raise PatternError("it is too large, by repetitions or classes of letters")

    def places(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where it is in UTF-8."""
        if len(data) * self.size > _STEPS:
            raise _too_much()
        for match in self._found.finditer(data):
            yield match.span()

    def is_in(self, texts: Iterable[str]) -> bool:
        """Whether it is somewhere in one of the texts."""
        end = thread_time() + _SECONDS
        for text in texts:
            if next(self.places(text.encode()), None) is not None:
                return True
            if thread_time() > end:
                raise _too_much()
        return False


@dataclass(slots=True)
class Replacing:
    """A pattern being replaced in all texts of one body."""

    pattern: Pattern
    _end: float = field(default_factory=lambda: thread_time() + _SECONDS)

    def subn(self, replacement: str, text: str) -> tuple[str, int]:
        """The text with each place replaced, and how many there were; none is empty."""
        data, new = text.encode(), replacement.encode()
        pieces: list[bytes] = []
        count = done = 0
        for start, stop in self.pattern.places(data):
            if thread_time() > self._end:
                raise _too_much()
            if start < stop:
                pieces += (data[done:start], new)
                count, done = count + 1, stop
        if thread_time() > self._end:
            raise _too_much()
        return (
            (b"".join([*pieces, data[done:]]).decode(), count) if count else (text, 0)
        )


def _words(error: Exception) -> str:
    said: object = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def _too_much() -> GatewayError:
    return GatewayError(
        "content_blocked",
        "A text is longer than the pattern of a policy can be looked for in.",
        details={"matched_patterns": [], "confidence": 0.0},
    )
