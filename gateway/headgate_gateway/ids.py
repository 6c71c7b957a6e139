"""Identifiers: a prefix and a ULID, so that ids sort by age."""

import os
import re
import threading
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
"""What ten bits are written as: requests wait for several ids each."""
_HIGH = range(30, -1, -10)
_RANDOM = 12
"""Random digits at the end of an id, 60 bits."""
_AHEAD = 256
"""For so many ids they are drawn and written at once."""
_COUNTED = 1 << 20
"""The count of ids, four digits, stays below; it begins anywhere in the lower half."""
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

    Below the time, 20 bits count and 60 are random. These are written ahead, whatever
    the time, of which a new second changes more than the last two digits.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._milliseconds: int = 0
        self._second: int = -1
        """Of 1024 milliseconds."""
        self._written = ""
        """The second's digits."""
        self._time = ""
        self._count = _COUNTED
        self._ends: list[str] = []
        """What follows the time in the next numbers, the first one last."""
        self._randomness = _Randomness()
        os.register_at_fork(after_in_child=self._ends.clear)

    def next(self) -> str:
        """A new ULID; later calls in this process sort after earlier ones."""
        with self._lock:
            now = time.time_ns() // 1_000_000
            if now > self._milliseconds:
                self._go_on(now)
            if not self._ends:
                self._draw()
            return self._time + self._ends.pop()

    def _go_on(self, milliseconds: int) -> None:
        """Write a later time; where the clock runs back, the last one stays."""
        self._milliseconds = milliseconds
        second = milliseconds >> 10
        if second != self._second:
            self._second = second
            self._written = "".join([_PAIRS[second >> bits & 1023] for bits in _HIGH])
        self._time = self._written + _PAIRS[milliseconds & 1023]

    def _draw(self) -> None:
        """Write ends ahead; a count that is used up begins anew a moment later."""
        if self._count + _AHEAD > _COUNTED:
            self._count = int.from_bytes(self._randomness.take(3)) % (_COUNTED // 2)
            self._go_on(self._milliseconds + 1)
        drawn = self._randomness.take(_RANDOM * _AHEAD).translate(_DIGITS).decode()
        for place in range(_AHEAD - 1, -1, -1):
            high, low = divmod(self._count + place, 1024)
            digits = drawn[place * _RANDOM : (place + 1) * _RANDOM]
            self._ends.append(f"{_PAIRS[high]}{_PAIRS[low]}{digits}")
        self._count += _AHEAD

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
