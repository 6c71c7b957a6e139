"""The models that the gateway can reach."""

from collections.abc import Mapping
from typing import Any

from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.ranking import (
    fits,
    needed_capabilities,
    ordered,
    ranked,
)
from headgate_gateway.routes.allowed import allowed_model, may_use

_BOUNDS = ("max_input_price", "min_context")


async def list_models(call: Call) -> Answer:
    """The models that the key may use, filtered and in the order asked for."""
    wanted = call.parameters
    provider, capability = wanted.get("provider"), wanted.get("capability")
    models = [
        model
        for model in _usable(call)
        if provider in (None, model["provider"])
        and fits(model, capabilities=_given(capability), **_bounds(wanted))
    ]
    return json_answer(
        {"object": "list", "data": ordered(models, wanted.get("sort", "id"))}
    )


async def get(call: Call) -> Answer:
    """One model by id or alias."""
    resolved = call.gateway.catalogue.resolve(call.parameters["model"])
    return json_answer(resolved.model)


async def recommend(call: Call) -> Answer:
    """The models that fit a use, the best one first; 404 when none does."""
    wanted: JsonObject = call.body
    strategy = wanted.get("strategy", "quality")
    capabilities = {
        *needed_capabilities(wanted.get("use_case")),
        *wanted.get("capabilities", ()),
    }
    fitting = [
        model
        for model in _candidates(call)
        if fits(model, capabilities=capabilities, **_bounds(wanted))
    ]
    if not fitting:
        raise GatewayError("model_not_found", "No model fits all of this.")
    best, *others = ranked(fitting, strategy)
    return json_answer({"model": best, "ranked": [best, *others], "strategy": strategy})


def _candidates(call: Call) -> list[JsonObject]:
    names: list[str] | None = call.body.get("candidates")
    if names is None:
        return _usable(call)
    found = [
        allowed_model(call, name, param=f"candidates[{index}]").model
        for index, name in enumerate(names)
    ]
    return list({model["id"]: model for model in found}.values())


def _usable(call: Call) -> list[JsonObject]:
    models = call.gateway.catalogue.models()
    return [model for model in models if may_use(call.caller, model["id"])]


def _given(capability: str | None) -> list[str]:
    return [] if capability is None else [capability]


def _bounds(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: wanted.get(name) for name in _BOUNDS}


HANDLERS: Mapping[str, Handler] = {
    "models.list": list_models,
    "models.get": get,
    "models.recommend": recommend,
}
