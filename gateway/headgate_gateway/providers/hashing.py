"""``mock/embed``: vectors that depend on the words of a text and nothing else."""

import asyncio
import hashlib
import math
import re
from array import array

from headgate_gateway.providers.embedding import Embedded, EmbeddingCall, Text
from headgate_gateway.providers.tokens import count_text

_WORDS = re.compile(r"\w+")
_DIMENSIONS = 256


async def embed(call: EmbeddingCall) -> Embedded:
    """Vectors of length 1; texts with words in common have similar ones."""
    length = call.dimensions or _DIMENSIONS
    vectors: list[list[float]] = []
    for text in call.inputs:
        vectors.append(_vector(_words(text), length))
        await asyncio.sleep(0)
    return Embedded(vectors, sum(map(_tokens, call.inputs)))


def _words(text: Text) -> list[str]:
    if isinstance(text, str):
        return _WORDS.findall(text.lower())
    return [str(token) for token in text]


def _tokens(text: Text) -> int:
    return count_text(text) if isinstance(text, str) else len(text)


def _vector(words: list[str], length: int) -> list[float]:
    """Each word counts at the place that its hash says, up or down."""
    numbers = [0.0] * length
    for word in words:
        digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
        place = int.from_bytes(digest[:7], "little") % length
        numbers[place] += 1.0 if digest[7] & 1 else -1.0
    norm = math.sqrt(sum(number * number for number in numbers))
    if norm == 0:
        numbers[0] = norm = 1.0
    # Singles, so that both spellings of a vector are the same numbers.
    return array("f", (number / norm for number in numbers)).tolist()
