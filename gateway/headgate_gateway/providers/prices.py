"""What tokens cost, exactly: prices and costs are decimal numbers, never floats."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from headgate_gateway.json import JsonObject

_MILLION = Decimal(1_000_000)
_DOLLARS = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
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
    full = _price(prices, "input")
    read, written = (usage.get(f"cache_{kind}_tokens", 0) for kind in ("read", "write"))
    plain = max(usage["input_tokens"] - read - written, 0)
    asked = (
        plain * full
        + read * _price(prices, "cache_read", full)
        + written * _price(prices, "cache_write", full)
    )
    answered = usage["output_tokens"] * _price(prices, "output")
    return Cost(
        input=asked / _MILLION,
        output=answered / _MILLION,
        currency=prices["currency"],
    )


def cost_of(model: JsonObject, usage: Mapping[str, Any]) -> Decimal | None:
    """What a ``Usage`` costs in US dollars; None where that is not known."""
    cost = cost_in_detail(model, usage)
    return cost.total if cost is not None and cost.currency == _DOLLARS else None


def input_price(model: JsonObject) -> Decimal | None:
    """The price of a million input tokens; None where it is not known."""
    prices: JsonObject | None = model.get("pricing")
    return None if prices is None else _price(prices, "input")


def number(value: Decimal) -> int | float:
    """The decimal as the JSON number that is nearest to it."""
    return int(value) if value == value.to_integral_value() else float(value)


def _price(prices: JsonObject, kind: str, other: Decimal = Decimal(0)) -> Decimal:
    given = prices.get(f"{kind}_per_million")
    return other if given is None else _decimal(given)


@lru_cache(maxsize=1024)
def _decimal(given: float) -> Decimal:
    # By way of text: Decimal(0.1) is not a tenth, Decimal("0.1") is.
    return Decimal(str(given))
