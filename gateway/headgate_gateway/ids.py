"""Identifiers: a prefix and a ULID, so that ids sort by age."""

import re
import secrets
import threading
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
"""What ten bits are written as: requests wait for several ids each."""
_SHIFTS = range(120, -1, -10)
_RANDOM_BITS = 80
_SHAPE = re.compile(r"[a-z]+_[0-9A-HJKMNP-TV-Z]{26}")


class _Clock:
    """Hands out 128-bit numbers that never repeat and never run backwards."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        with self._lock:
            now = (time.time_ns() // 1_000_000) << _RANDOM_BITS
            fresh = now | secrets.randbits(_RANDOM_BITS)
            self._last = max(self._last + 1, fresh)
            return self._last


_clock = _Clock()


def ulid() -> str:
    """A new ULID; later calls in this process sort after earlier ones."""
    number = _clock.next()
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])


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
