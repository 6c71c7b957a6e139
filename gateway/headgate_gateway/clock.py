"""Times: milliseconds since the epoch inside, RFC 3339 in UTC on the wire."""

import re
import time
from datetime import UTC, datetime, timedelta

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LEAP_SECOND = re.compile(r":60(?=[.Z+-])")


def now_ms() -> int:
    """The current time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def rfc3339(milliseconds: int) -> str:
    """A time as the wire writes it, such as ``2026-11-21T09:30:00.125Z``."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def rfc3339_or_none(milliseconds: int | None) -> str | None:
    """``rfc3339`` for a time that may not have come yet."""
    return None if milliseconds is None else rfc3339(milliseconds)


def parse_rfc3339(text: str) -> int:
    """Milliseconds since the epoch of any valid RFC 3339 time.

    RFC 3339 has the year 0000 and leap seconds, which ``datetime`` has not; such times
    become the nearest one it has.
    """
    spelled = _LEAP_SECOND.sub(":59", text.upper())
    try:
        moment = datetime.fromisoformat(spelled).astimezone(UTC)
    except (ValueError, OverflowError):
        moment = _FIRST if spelled.startswith("000") else _LAST
    return (moment - _EPOCH) // _MILLISECOND
