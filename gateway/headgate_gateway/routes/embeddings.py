"""Embeddings, in OpenAI's form."""

from collections.abc import Mapping

from starlette.types import ASGIApp

from headgate_gateway.events import usage_of
from headgate_gateway.http.accounting import Accounting
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.http.disconnect import while_waited_for
from headgate_gateway.http.idempotency import once
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.catalogue import Resolved
from headgate_gateway.providers.embedding import (
    Embedded,
    EmbeddingCall,
    encoded,
    inputs_of,
)
from headgate_gateway.routes.allowed import allowed_model


async def create(call: Call) -> ASGIApp:
    """A vector for each input."""
    call.gateway.drain.refuse_new_work()

    async def produce() -> Answer:
        resolved = allowed_model(call, call.body["model"], param="model")
        accounting = Accounting(resolved)
        made = await while_waited_for(
            call.request.receive, _embedded(call, resolved), unless=call.ends
        )
        usage = usage_of(made.input_tokens, 0)
        return json_answer(_answer(call, made), headers=accounting.headers(usage))

    return await once(call, produce)


async def _embedded(call: Call, resolved: Resolved) -> Embedded:
    asked: JsonObject = call.body
    return await call.gateway.dispatcher.embed(
        call.payer,
        resolved,
        EmbeddingCall(
            model=resolved.model["name"],
            inputs=inputs_of(asked["input"]),
            dimensions=asked.get("dimensions"),
            user=asked.get("user"),
            keys=call.provider_keys,
        ),
    )


def _answer(call: Call, made: Embedded) -> JsonObject:
    """The ``EmbeddingResponse``, in the encoding asked for."""
    written = encoded if call.body.get("encoding_format") == "base64" else list
    data: list[JsonObject] = [
        {"object": "embedding", "index": index, "embedding": written(vector)}
        for index, vector in enumerate(made.vectors)
    ]
    tokens = made.input_tokens
    return {
        "object": "list",
        "data": data,
        "model": call.body["model"],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


HANDLERS: Mapping[str, Handler] = {"embeddings.create": create}
