"""Embeddings, in OpenAI's form."""

from collections.abc import Mapping

from starlette.types import ASGIApp

from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.http.disconnect import while_waited_for
from headgate_gateway.http.idempotency import once
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.embedding import EmbeddingCall, encoded, inputs_of
from headgate_gateway.routes.allowed import allowed_model


async def create(call: Call) -> ASGIApp:
    """A vector for each input."""
    call.gateway.drain.refuse_new_work()

    async def produce() -> Answer:
        forced = call.gateway.drain.forced
        receive = call.request.receive
        return json_answer(
            await while_waited_for(receive, _embeddings(call), unless=forced)
        )

    return await once(call, produce)


async def _embeddings(call: Call) -> JsonObject:
    asked: JsonObject = call.body
    resolved = allowed_model(call, asked["model"], param="model")
    made = await call.gateway.catalogue.embed(
        resolved,
        EmbeddingCall(
            model=resolved.model["name"],
            inputs=inputs_of(asked["input"]),
            dimensions=asked.get("dimensions"),
            user=asked.get("user"),
            keys=call.provider_keys,
        ),
    )
    written = encoded if asked.get("encoding_format") == "base64" else list
    data: list[JsonObject] = [
        {"object": "embedding", "index": index, "embedding": written(vector)}
        for index, vector in enumerate(made.vectors)
    ]
    return {
        "object": "list",
        "data": data,
        "model": asked["model"],
        "usage": {
            "prompt_tokens": made.input_tokens,
            "total_tokens": made.input_tokens,
        },
    }


HANDLERS: Mapping[str, Handler] = {"embeddings.create": create}
