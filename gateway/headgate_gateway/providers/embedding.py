"""Texts as vectors: what is asked of a provider and what it gives."""

import base64
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from headgate_gateway.providers.keys import NO_KEYS, ProviderKeys

Text: TypeAlias = str | Sequence[int]
"""A text, or the numbers of its tokens in the model's vocabulary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingCall:
    """One call of a model that makes embeddings."""

    model: str
    """The provider's own name of the model."""
    inputs: Sequence[Text]
    dimensions: int | None = None
    user: str | None = None
    keys: ProviderKeys = NO_KEYS


@dataclass(frozen=True, slots=True)
class Embedded:
    """The vectors in the order of the inputs, and the tokens that they cost."""

    vectors: Sequence[Sequence[float]]
    input_tokens: int


def inputs_of(given: Any) -> list[Text]:
    """The single texts of an ``EmbeddingInput``."""
    alone = isinstance(given, str) or isinstance(given[0], int)
    return [cast("Text", given)] if alone else cast("list[Text]", given)


def encoded(vector: Sequence[float]) -> str:
    """A vector's bytes in base64, each number a little-endian single."""
    singles = array("f", vector)
    if array("H", [1]).tobytes() == b"\0\1":
        singles.byteswap()
    return base64.b64encode(singles.tobytes()).decode()
