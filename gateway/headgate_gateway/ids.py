"""Identifiers: a prefix and a ULID, so that ids sort by age."""

import os
import re
import threading
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
"""What ten bits are written as: requests wait for several ids each."""
_HIGH = range(70, -1, -10)
_RANDOM = 6
"""Random digits at the end of an id."""
_AHEAD = 256
"""For so many ids they are drawn and written at once."""
_COUNTED = 1 << 19
"""The count of ids begins anywhere below, and so stays below twice that."""
_DIGITS = bytes(ord(_ALPHABET[code & 31]) for code in range(256))
"""Any byte as one of the digits, each of which is as likely."""
_DRAWN = 4096
_SHAPE = re.compile(r"[a-z]+_[0-9A-HJKMNP-TV-Z]{26}")
_RANDOM_BITS = 80


class _Randomness:
    """Random bytes, drawn for many ids at once: a draw lets other threads run first."""

    def __init__(self) -> None:
        self._drawn = b""
        self._taken = 0
        os.register_at_fork(after_in_child=self._forget)

    def take(self, size: int) -> bytes:
        """So many bytes that nobody else gets."""
        if self._taken + size > len(self._drawn):
            self._drawn, self._taken = os.urandom(_DRAWN), 0
        start, self._taken = self._taken, self._taken + size
        return self._drawn[start : self._taken]

    def _forget(self) -> None:
        """Two processes must not hand out the same."""
        self._drawn = b""


class _Clock:
    """Writes 128-bit numbers that never repeat and never run backwards.

    The time and 30 random bits are drawn and written once a millisecond. Of the 50 bits
    below them 20 count, whatever the time, and 30 are random: they are written ahead.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._milliseconds = 0
        self._high = 0
        self._written = ""
        self._lows: list[str] = []
        """The next numbers' lower halves, the first one last."""
        self._randomness = _Randomness()
        os.register_at_fork(after_in_child=self._lows.clear)

    def next(self) -> str:
        """A new ULID; later calls in this process sort after earlier ones."""
        with self._lock:
            now = time.time_ns() // 1_000_000
            if not self._lows:
                self._draw(now)
            elif now > self._milliseconds:
                self._advance(now)
            return self._written + self._lows.pop()

    def _advance(self, now: int) -> None:
        """Go on to a higher number, of the time that it is unless that ran back."""
        self._milliseconds = max(self._milliseconds, now)
        drawn = int.from_bytes(self._randomness.take(4)) >> 2
        self._high = max(self._high + 1, self._milliseconds << 30 | drawn)
        self._written = "".join([_PAIRS[self._high >> bits & 1023] for bits in _HIGH])

    def _draw(self, now: int) -> None:
        """Write lower halves ahead, from anywhere: the upper half is a new one."""
        self._advance(now)
        drawn = self._randomness.take(_RANDOM * _AHEAD).translate(_DIGITS).decode()
        first = int.from_bytes(self._randomness.take(3)) % _COUNTED
        for count in range(_AHEAD - 1, -1, -1):
            high, low = divmod(first + count, 1024)
            digits = drawn[count * _RANDOM : (count + 1) * _RANDOM]
            self._lows.append(f"{_PAIRS[high]}{_PAIRS[low]}{digits}")

    def random(self, size: int) -> bytes:
        with self._lock:
            return self._randomness.take(size)


_clock = _Clock()


ulid = _clock.next


def new_span_id() -> str:
    """A new span's name as W3C trace context has them: 16 hexadecimal digits."""
    return _clock.random(8).hex()


def id_at(prefix: str, milliseconds: int) -> str:
    """The bound between identifiers made before a time and those made from then on."""
    number = milliseconds << _RANDOM_BITS
    text = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
    return f"{prefix}_{text}"


def new_id(prefix: str) -> str:
    """A new identifier such as ``run_01JD...``."""
    return f"{prefix}_{ulid()}"


def is_id(text: str, prefix: str) -> bool:
    """Whether ``text`` could have been made by ``new_id(prefix)``."""
    return text.startswith(f"{prefix}_") and _SHAPE.fullmatch(text) is not None
