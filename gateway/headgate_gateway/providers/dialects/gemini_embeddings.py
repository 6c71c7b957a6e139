"""Google's ``POST /models/{model}:batchEmbedContents``."""

from typing import Any
from urllib.parse import quote

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject, objects_at
from headgate_gateway.providers.dialects.openai_embeddings import is_vector
from headgate_gateway.providers.embedding import Embedded, EmbeddingCall
from headgate_gateway.providers.tokens import count_text

DIALECTS = frozenset({"gemini"})


def path(call: EmbeddingCall) -> str:
    """The path names the model."""
    return f"/models/{quote(call.model, safe='')}:batchEmbedContents"


def body_of(call: EmbeddingCall) -> JsonObject:
    """A request for each text; 400 for tokens, whose vocabulary is another one."""
    return {"requests": [_request(call, text) for text in call.inputs]}


def read(answer: JsonObject, call: EmbeddingCall) -> Embedded:
    """The vectors, in the order of the inputs; what they cost has to be estimated."""
    vectors: list[Any] = [
        item.get("values") for item in objects_at(answer, "embeddings")
    ]
    whole = [vector for vector in vectors if is_vector(vector)]
    if len(whole) != len(call.inputs):
        raise GatewayError("upstream_failed", "The provider left out vectors.")
    tokens = sum(count_text(text) for text in call.inputs if isinstance(text, str))
    return Embedded(whole, tokens)


def _request(call: EmbeddingCall, text: object) -> JsonObject:
    if not isinstance(text, str):
        raise GatewayError(
            "unsupported_operation", "This model takes no tokens.", param="input"
        )
    request: JsonObject = {
        "model": f"models/{call.model}",
        "content": {"parts": [{"text": text}]},
    }
    if call.dimensions is not None:
        request["outputDimensionality"] = call.dimensions
    return request
