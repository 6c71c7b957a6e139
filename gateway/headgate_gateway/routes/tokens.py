"""Tokens, counted and priced."""

from collections.abc import Mapping

from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.prices import cost_in_detail, number
from headgate_gateway.providers.tokens import count_request, count_text
from headgate_gateway.routes.allowed import allowed_model


async def count(call: Call) -> Answer:
    """How many tokens all that is given has."""
    asked: JsonObject = call.body
    resolved = allowed_model(call, asked["model"], param="model")
    tokens = count_text(asked.get("text", ""))
    tokens += count_request(asked, asked.get("messages", ()))
    counted: JsonObject = {"model": resolved.id, "method": "estimate"}
    if "texts" in asked:
        counted["per_item"] = [count_text(text) for text in asked["texts"]]
        tokens += sum(counted["per_item"])
    return json_answer({**counted, "input_tokens": tokens})


async def cost(call: Call) -> Answer:
    """What the tokens cost; 404 where the model's prices are not known."""
    resolved = allowed_model(call, call.body["model"], param="model")
    costs = cost_in_detail(resolved.model, call.body)
    if costs is None:
        raise GatewayError(
            "not_found", "The prices of this model are not known.", param="model"
        )
    return json_answer(
        {
            "model": resolved.id,
            "input_cost": number(costs.input),
            "output_cost": number(costs.output),
            "total_cost": number(costs.total),
            "currency": costs.currency,
        }
    )


HANDLERS: Mapping[str, Handler] = {"tokens.count": count, "tokens.cost": cost}
