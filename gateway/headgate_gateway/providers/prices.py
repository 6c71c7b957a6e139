"""What tokens cost, exactly: prices and costs are decimal numbers, never floats."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from headgate_gateway.json import JsonObject

_MILLION = Decimal(1_000_000)
_DOLLARS = "USD"


@dataclass(slots=True, kw_only=True)
class Cost:
    """What the two sides of an answer cost."""

    input: Decimal
    output: Decimal
    currency: str

    @property
    def total(self) -> Decimal:
        """Both together."""
        return self.input + self.output


def cost_in_detail(model: JsonObject, usage: Mapping[str, Any]) -> Cost | None:
    """What a ``Usage`` costs at a ``Model``'s prices; None where they are not known.

    Tokens from and for the provider's cache are among the input tokens and have prices
    of their own; without these they cost what other input does.
    """
    prices: JsonObject | None = model.get("pricing")
    if prices is None:
        return None
    asked, answered = _sides(prices, usage)
    return Cost(input=asked, output=answered, currency=prices["currency"])


def cost_of(model: JsonObject, usage: Mapping[str, Any]) -> Decimal | None:
    """What a ``Usage`` costs in US dollars; None where that is not known."""
    prices: JsonObject | None = model.get("pricing")
    if prices is None or prices["currency"] != _DOLLARS:
        return None
    asked, answered = _sides(prices, usage)
    return asked + answered


def cost_told(usage: Mapping[str, Any]) -> Decimal | None:
    """What a ``Usage`` says that it costs."""
    cost: float | None = usage.get("cost_usd")
    return None if cost is None else Decimal(str(cost))


def input_price(model: JsonObject) -> Decimal | None:
    """The price of a million input tokens; None where it is not known."""
    prices: JsonObject | None = model.get("pricing")
    return None if prices is None else _decimal(prices.get("input_per_million") or 0)


def number(value: Decimal) -> int | float:
    """The decimal as the JSON number that is nearest to it."""
    nearest = float(value)
    return int(value) if nearest.is_integer() else nearest


def _sides(prices: JsonObject, usage: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    """What was asked and what was answered cost at some prices."""
    full, answer, from_cache, for_cache = _rates(
        prices.get("input_per_million"),
        prices.get("output_per_million"),
        prices.get("cache_read_per_million"),
        prices.get("cache_write_per_million"),
    )
    read: int = usage.get("cache_read_tokens", 0)
    written: int = usage.get("cache_write_tokens", 0)
    asked: int = usage["input_tokens"]
    answered: int = usage["output_tokens"]
    if not read and not written:
        return asked * full, answered * answer
    plain = max(asked - read - written, 0) * full
    return plain + read * from_cache + written * for_cache, answered * answer


@lru_cache(maxsize=1024)
def _rates(
    asked: float | None,
    answered: float | None,
    read: float | None,
    written: float | None,
) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """What one token costs: asked, answered, read from the cache, written to it."""
    full = _decimal(asked or 0)
    return (
        full / _MILLION,
        _decimal(answered or 0) / _MILLION,
        (full if read is None else _decimal(read)) / _MILLION,
        (full if written is None else _decimal(written)) / _MILLION,
    )


@lru_cache(maxsize=1024)
def _decimal(given: float) -> Decimal:
    # By way of text: Decimal(0.1) is not a tenth, Decimal("0.1") is.
    return Decimal(str(given))
