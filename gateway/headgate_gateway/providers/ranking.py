"""Which of several models is the best one for a use."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from headgate_gateway.json import JsonObject, object_at
from headgate_gateway.providers.prices import input_price

_Rank: TypeAlias = tuple[Any, ...]

_QUALITIES = ("excellent", "good", "basic")
_SPEEDS = ("fast", "balanced", "slow")
_USES = {
    "chat": ("messages",),
    "agents": ("messages", "tools", "parallel_tools"),
    "vision": ("messages", "vision"),
    "documents": ("messages", "documents"),
    "reasoning": ("messages", "thinking"),
    "extraction": ("messages", "structured_output"),
    "embeddings": ("embeddings",),
}


def needed_capabilities(use_case: str | None) -> Sequence[str]:
    """What a model has to support to be of this use."""
    return () if use_case is None else _USES[use_case]


def fits(
    model: JsonObject,
    *,
    capabilities: Iterable[str] = (),
    max_input_price: float | None = None,
    min_context: int | None = None,
) -> bool:
    """Whether a model is known to be able to do this, within these bounds."""
    known = object_at(model, "capabilities")
    if any(known.get(capability) is not True for capability in capabilities):
        return False
    if max_input_price is not None:
        price = input_price(model)
        if price is None or price > Decimal(str(max_input_price)):
            return False
    window: int = model.get("context_window", 0)
    return min_context is None or window >= min_context


def ranked(models: Iterable[JsonObject], strategy: str) -> list[JsonObject]:
    """The models, the best one first, by ``cost``, ``quality`` or ``performance``."""
    by = _STRATEGIES[strategy]
    return sorted(models, key=lambda model: (by(model), _by_cost(model)))


def ordered(models: Iterable[JsonObject], order: str) -> list[JsonObject]:
    """The models in one of the orders of a ``ModelOrder``."""
    by = _ORDERS[order]
    return sorted(models, key=lambda model: (by(model), model["id"]))


def _by_cost(model: JsonObject) -> _Rank:
    price = input_price(model)
    return (price is None, price or Decimal(0), model["id"])


def _by_id(_model: JsonObject) -> _Rank:
    return ()


def _by_window(model: JsonObject) -> _Rank:
    return (-model.get("context_window", 0),)


def _by_age(model: JsonObject) -> _Rank:
    return (-model["created"],)


def _by_quality(model: JsonObject) -> _Rank:
    return (_place(model, "quality", _QUALITIES),)


def _by_speed(model: JsonObject) -> _Rank:
    return (_place(model, "speed", _SPEEDS),)


def _place(model: JsonObject, name: str, places: Sequence[str]) -> int:
    judged = object_at(model, "performance").get(name)
    return places.index(judged) if judged in places else len(places)


_STRATEGIES: dict[str, Callable[[JsonObject], _Rank]] = {
    "cost": _by_cost,
    "quality": _by_quality,
    "performance": _by_speed,
}
_ORDERS: dict[str, Callable[[JsonObject], _Rank]] = {
    "id": _by_id,
    "input_price": _by_cost,
    "context_window": _by_window,
    "created": _by_age,
}
