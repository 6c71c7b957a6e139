"""Sums over vectors of numbers come to what the shared vectors state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headgate_sdk import ConfigurationError, ResponseDecodeError, vectors
from tests.python.shared_vectors import Case, check_keys, read_cases

CASES = read_cases("embeddings")
ERRORS = {"configuration": ConfigurationError, "decode": ResponseDecodeError}
MEASURES = ("cosine", "dot", "euclidean", "manhattan")


def close(value: Any) -> Any:
    """The numbers of a vector's answer, to one part in 10¹²."""
    return pytest.approx(value, rel=1e-12, abs=1e-300)


def measures(a: list[float], b: list[float]) -> list[float]:
    return [getattr(vectors, name)(a, b) for name in MEASURES]


def nearest(vector: dict[str, Any]) -> list[vectors.Match]:
    given = {key: vector[key] for key in ("metric", "top_k") if key in vector}
    return vectors.find_most_similar(vector["query"], vector["candidates"], **given)


RUNS: dict[str, tuple[tuple[str, ...], Callable[[dict[str, Any]], Any]]] = {
    "measures": (("a", "b", *MEASURES), lambda v: measures(v["a"], v["b"])),
    "normalize": (("vector",), lambda v: vectors.normalize(v["vector"])),
    "average": (("vectors",), lambda v: vectors.average(v["vectors"])),
    "encodings": (("vector",), lambda v: vectors.numbers_of(v["vector"])),
    "nearest": (("query", "candidates", "metric", "top_k"), nearest),
}


def expected(case: Case) -> Any:
    if case.file == "measures":
        return [close(case.vector[name]) for name in MEASURES]
    if case.file == "nearest":
        matches = case.vector["expect"]
        return [
            vectors.Match(index=each["index"], score=close(each["score"]))
            for each in matches
        ]
    return close(case.vector["expect"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_sums(case: Case) -> None:
    """The answer is the one stated, or the error of the kind stated is raised."""
    keys, run = RUNS[case.file]
    check_keys(case.vector, "name", "note", "expect", "error", *keys)

    if "error" in case.vector:
        with pytest.raises(ERRORS[case.vector["error"]]):
            run(case.vector)
    else:
        assert run(case.vector) == expected(case)


def test_an_unknown_metric_is_refused() -> None:
    """A metric is one of the four."""
    with pytest.raises(ConfigurationError, match="cosine, dot, euclidean, manhattan"):
        vectors.find_most_similar([1.0], [[1.0]], metric="angle")  # type: ignore[arg-type] # the mistake that is tested
