"""The models that the gateway can reach."""

from collections.abc import Mapping
from typing import Any

from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.json import JsonObject


async def list_models(call: Call) -> Answer:
    """All models, or those of a provider or with a capability."""
    models = [
        model
        for model in call.gateway.catalogue.models()
        if _matches(model, call.parameters)
    ]
    return json_answer({"object": "list", "data": models})


async def get(call: Call) -> Answer:
    """One model by id or alias."""
    resolved = call.gateway.catalogue.resolve(call.parameters["model"])
    return json_answer(resolved.model)


def _matches(model: JsonObject, wanted: dict[str, Any]) -> bool:
    provider, capability = wanted.get("provider"), wanted.get("capability")
    if provider is not None and model["provider"] != provider:
        return False
    # What a model does not say is unknown, and may be tried.
    return capability is None or model["capabilities"].get(capability, True)


HANDLERS: Mapping[str, Handler] = {"models.list": list_models, "models.get": get}
