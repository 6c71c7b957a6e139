"""Exact amounts: whole millionths of a millionth of a dollar, and decimals of them."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Literal, TypeAlias

from headgate_gateway.clock import DAY_MS

Period: TypeAlias = Literal["daily", "monthly", "lifetime"]
PERIODS: tuple[Period, ...] = ("daily", "monthly", "lifetime")

_UNIT = Decimal(10) ** 12


def units(dollars: Decimal) -> int:
    """An amount in the smallest unit that is kept."""
    return int((dollars * _UNIT).to_integral_value(ROUND_HALF_UP))


def dollars(amount: int) -> Decimal:
    """An amount of smallest units in dollars."""
    return Decimal(amount) / _UNIT


def spelled(amount: int) -> str:
    """An amount as the wire writes it, such as ``2.5``; never less than ``0``."""
    text = f"{dollars(max(amount, 0)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def time_of(period: Period, now_ms: int) -> str:
    """The name of the day, the month or the life that a moment is in, in UTC."""
    return _time_of(period, now_ms // DAY_MS)


@lru_cache(maxsize=64)
def _time_of(period: Period, day: int) -> str:
    """Every answer asks for the names of one day, counted from the epoch."""
    moment = datetime.fromtimestamp(day * DAY_MS / 1000, UTC)
    match period:
        case "daily":
            return moment.strftime("%Y-%m-%d")
        case "monthly":
            return moment.strftime("%Y-%m")
        case "lifetime":
            return "ever"


def next_start(period: Period, now_ms: int) -> int | None:
    """When the next day or month begins, in milliseconds since the epoch."""
    moment = datetime.fromtimestamp(now_ms / 1000, UTC)
    today = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case "daily":
            start = today + timedelta(days=1)
        case "monthly":
            start = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        case "lifetime":
            return None
    return int(start.timestamp() * 1000)
