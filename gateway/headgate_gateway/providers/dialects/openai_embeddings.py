"""``POST /embeddings``, in OpenAI's form."""

from typing import Any, TypeGuard, cast

from headgate_gateway.errors import GatewayError
from headgate_gateway.events import counts_of
from headgate_gateway.json import JsonObject, object_at, objects_at
from headgate_gateway.providers.embedding import Embedded, EmbeddingCall

DIALECTS = frozenset({"openai-chat", "openai-responses"})
"""The dialects whose providers have this beside it."""
PATH = "/embeddings"


def body_of(call: EmbeddingCall) -> JsonObject:
    """The request; the vectors come as numbers, which every provider can write."""
    body: JsonObject = {
        "model": call.model,
        "input": list(call.inputs),
        "encoding_format": "float",
    }
    if call.dimensions is not None:
        body["dimensions"] = call.dimensions
    if call.user is not None:
        body["user"] = call.user
    return body


def read(answer: JsonObject, *, count: int) -> Embedded:
    """The ``count`` vectors of an answer, in the order of the inputs."""
    data = objects_at(answer, "data")
    found = {item.get("index"): item.get("embedding") for item in data}
    vectors = [found.get(index) for index in range(count)]
    whole = [vector for vector in vectors if is_vector(vector)]
    if len(whole) != count:
        raise GatewayError("upstream_failed", "The provider left out vectors.")
    told = counts_of(object_at(answer, "usage"))
    return Embedded(whole, told.get("prompt_tokens", 0))


def is_vector(value: Any) -> TypeGuard[list[float]]:
    """Whether a value is a list of numbers."""
    return isinstance(value, list) and all(
        isinstance(number, int | float) for number in cast("list[object]", value)
    )
