# Fixed runtime of a generated SDK: the same source in every package.
"""Sums over vectors of numbers, such as embeddings are."""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Literal, TypeAlias, cast

from .errors import ConfigurationError, ResponseDecodeError

Vector: TypeAlias = Sequence[float]
Metric: TypeAlias = Literal["cosine", "dot", "euclidean", "manhattan"]


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate: its place in the list, and how it compares with the query."""

    index: int
    score: float


def dot(a: Vector, b: Vector) -> float:
    """Give the sum of the products of the vectors' numbers."""
    _check(a, b)
    return float(sum(map(mul, a, b)))


def cosine(a: Vector, b: Vector) -> float:
    """Give the cosine of the angle between two vectors, -1 to 1; 0 to a zero vector."""
    _check(a, b)
    return max(-1.0, min(1.0, dot(normalize(a), normalize(b))))


def euclidean(a: Vector, b: Vector) -> float:
    """Give the length of the straight way between two vectors."""
    _check(a, b)
    return math.dist(a, b)


def manhattan(a: Vector, b: Vector) -> float:
    """Give the sum of the distances between the vectors' numbers."""
    _check(a, b)
    return float(sum(abs(x - y) for x, y in zip(a, b, strict=True)))


def normalize(vector: Vector) -> list[float]:
    """Give the vector of length 1 in the same direction; a zero vector stays so."""
    length = math.hypot(*vector)
    return [x / length for x in vector] if length else [0.0] * len(vector)


def average(vectors: Sequence[Vector]) -> list[float]:
    """Give the mean of vectors, number by number."""
    if not vectors:
        raise ConfigurationError("there is no average of no vectors")
    for each in vectors:
        _check(vectors[0], each)
    return [sum(column) / len(vectors) for column in zip(*vectors, strict=True)]


def find_most_similar(
    query: Vector,
    candidates: Sequence[Vector],
    *,
    top_k: int | None = None,
    metric: Metric = "cosine",
) -> list[Match]:
    """Compare each candidate with the query; the nearest first, equals as they stand.

    `cosine` and `dot` are greatest where vectors are alike, the distances least.
    """
    if top_k is not None and top_k < 1:
        raise ConfigurationError("top_k is a whole number from 1 on")
    if metric not in _MEASURES:
        raise ConfigurationError(f"metric is one of {', '.join(_MEASURES)}")
    measure, sign = _MEASURES[metric]
    found = [Match(at, measure(query, each)) for at, each in enumerate(candidates)]
    return sorted(found, key=lambda match: sign * match.score)[:top_k]


_MEASURES: dict[Metric, tuple[Callable[[Vector, Vector], float], int]] = {
    "cosine": (cosine, -1),
    "dot": (dot, -1),
    "euclidean": (euclidean, 1),
    "manhattan": (manhattan, 1),
}


def numbers_of(vector: object) -> list[float]:
    """Give a vector's numbers; in base64 they are little-endian 32-bit floats."""
    if isinstance(vector, str):
        return _unpacked(vector)
    if isinstance(vector, Sequence):
        return [float(number) for number in cast("Vector", vector)]
    raise ResponseDecodeError("the vector is neither numbers nor text", raw=str(vector))


def _unpacked(text: str) -> list[float]:
    try:
        data = base64.b64decode(text, validate=True)
        return list(struct.unpack(f"<{len(data) // 4}f", data))
    except (binascii.Error, ValueError, struct.error) as error:
        said = "the vector is no base64 of 32-bit floats"
        raise ResponseDecodeError(said, raw=text) from error


def _check(a: Vector, b: Vector) -> None:
    if len(a) != len(b):
        said = f"vectors of {len(a)} and {len(b)} numbers do not compare"
        raise ConfigurationError(said)
