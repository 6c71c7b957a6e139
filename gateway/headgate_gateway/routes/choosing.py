"""Which model is asked, and which ones after it if it cannot answer."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from headgate_gateway.errors import GatewayError
from headgate_gateway.http.call import Call
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.catalogue import Resolved
from headgate_gateway.providers.ranking import fits, ranked
from headgate_gateway.routes.allowed import allowed_model

_ALIASES = {
    "lowest_cost": "cost",
    "cost_based": "cost",
    "lowest_latency": "performance",
    "least_busy": "least_connections",
}


@dataclass(slots=True)
class Choice:
    """The model to ask, and those to fall back on."""

    first: Resolved
    others: tuple[Resolved, ...]


def chosen_models(call: Call, request: JsonObject, *, at: str = "") -> Choice:
    """The models of a request in the order in which they are asked.

    ``at`` is where the request stands in the body. All are checked before any is asked:
    404 for one that is not known, 403 for one that the key may not use.
    """
    model = allowed_model(call, request["model"], param=f"{at}model")
    fallbacks = [
        allowed_model(call, name, param=f"{at}fallbacks[{index}]")
        for index, name in enumerate(request.get("fallbacks") or ())
    ]
    routing: JsonObject | None = request.get("routing")
    if routing is None and not fallbacks:
        return Choice(model, ())
    asked = [model] if routing is None else _routed(call, routing, model, at=at)
    first, *others = list({one.id: one for one in (*asked, *fallbacks)}.values())
    call.facts.model = first.id
    return Choice(first, tuple(others))


async def look_up_breakers(call: Call, request: JsonObject) -> None:
    """Know which providers a key leaves alone, before a request has models ordered."""
    if request.get("routing") is not None:
        await call.gateway.dispatcher.breakers_of(call.payer)


def _routed(
    call: Call, routing: JsonObject, model: Resolved, *, at: str
) -> list[Resolved]:
    """The candidates that meet what is asked, the best one first."""
    named = [
        allowed_model(call, name, param=f"{at}routing.candidates[{index}]")
        for index, name in enumerate(routing.get("candidates", ()))
    ]
    candidates = {one.id: one for one in (model, *named)}
    fitting = [
        candidate
        for candidate in candidates.values()
        if fits(
            candidate.model,
            capabilities=routing.get("required_capabilities", ()),
            max_input_price=routing.get("max_input_price"),
        )
    ]
    if not fitting:
        raise GatewayError(
            "model_not_found",
            "None of the candidates is known to be what is asked for.",
            param=f"{at}routing",
        )
    name: str = routing["strategy"]
    strategy = _ALIASES.get(name, name)
    weights = _weights(call, routing, at=at) if strategy == "weighted" else {}
    ordered = _last_resort_last(call, _ordered(call, fitting, strategy, weights))
    call.payer.route = (strategy, f"first of {len(ordered)} by {strategy}")
    return ordered


def _ordered(
    call: Call,
    candidates: Sequence[Resolved],
    strategy: str,
    weights: Mapping[str, int],
) -> list[Resolved]:
    upstreams = call.gateway.dispatcher.upstreams
    match strategy:
        case "round_robin":
            turn = _turn(call, candidates) % len(candidates)
            return [*candidates[turn:], *candidates[:turn]]
        case "weighted":
            return _weighted(candidates, weights, turn=_turn(call, candidates))
        case "random":
            # Nothing secret hangs on which model is asked.
            return random.sample(candidates, len(candidates))
        case "least_connections":
            return sorted(candidates, key=lambda one: upstreams.in_flight[one.id])
        case _:
            by_id = {one.id: one for one in candidates}
            models = ranked([one.model for one in candidates], strategy)
            return [by_id[model["id"]] for model in models]


def _turn(call: Call, candidates: Sequence[Resolved]) -> int:
    """Whose turn it is among these models, for this key: others have their own."""
    caller, ids = call.caller, tuple(one.id for one in candidates)
    return call.gateway.dispatcher.upstreams.next_turn((caller.scope, ids))


def _weights(call: Call, routing: JsonObject, *, at: str) -> dict[str, int]:
    """The weights by the ids of the models."""
    given: dict[str, int] = routing.get("weights", {})
    return {
        allowed_model(call, name, param=f"{at}routing.weights").id: weight
        for name, weight in given.items()
    }


def _weighted(
    candidates: Sequence[Resolved], weights: Mapping[str, int], *, turn: int
) -> list[Resolved]:
    """The candidate whose turn it is, each as often as it weighs; then the heaviest."""
    heavy = sorted(candidates, key=lambda one: -weights.get(one.id, 1))
    total = sum(weights.get(one.id, 1) for one in heavy)
    place = turn % total if total else 0
    for first in heavy:
        weight = weights.get(first.id, 1)
        if place < weight:
            return [first, *(one for one in heavy if one is not first)]
        place -= weight
    return heavy


def _last_resort_last(call: Call, models: Sequence[Resolved]) -> list[Resolved]:
    """The models, those whose providers are left alone behind the others."""
    dispatcher = call.gateway.dispatcher
    return sorted(models, key=partial(dispatcher.is_left_alone, call.payer))
