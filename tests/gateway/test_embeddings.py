"""Embeddings: vectors as numbers and as bytes, from the mock and from upstreams."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.client import Client
from tests.gateway.upstreams import Upstream, running_upstream
from tests.gateway_process import running_gateway


def embed(client: Client, **fields: Any) -> dict[str, Any]:
    answer = client.http.post(
        "/v1/embeddings", json={"model": "mock/embed", "input": "The tide.", **fields}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def vectors(client: Client, *texts: str, **fields: Any) -> list[list[float]]:
    data = embed(client, input=list(texts), **fields)["data"]
    return [each["embedding"] for each in data]


def product(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_every_input_has_its_vector(client: Client):
    """Vectors come in the order of the inputs, with their numbers and their cost."""
    answer = embed(client, input=["The tide.", "A boat."], dimensions=8)

    assert [each["index"] for each in answer["data"]] == [0, 1]
    assert [len(each["embedding"]) for each in answer["data"]] == [8, 8]
    assert answer["model"] == "mock/embed"
    assert answer["usage"] == {"prompt_tokens": 5, "total_tokens": 5}


def test_a_vector_depends_on_the_words_alone(client: Client):
    """Equal texts have equal vectors of length 1, kindred ones have kindred vectors."""
    tide, same, boat, kin = vectors(
        client, "The tide.", "the TIDE", "A boat sails.", "The tide turns."
    )

    assert tide == same
    assert math.isclose(product(tide, tide), 1, rel_tol=1e-6)
    assert product(tide, kin) > 0.5 > product(tide, boat)


def test_bytes_are_the_same_numbers(client: Client):
    """In base64 a vector is its numbers as little-endian singles."""
    [numbers] = vectors(client, "The tide.", dimensions=16)
    [written] = vectors(client, "The tide.", dimensions=16, encoding_format="base64")

    assert isinstance(written, str)
    assert list(struct.unpack("<16f", base64.b64decode(written))) == numbers


@pytest.mark.parametrize(
    ("given", "count"),
    [("", 1), ("text", 1), (["a", "b"], 2), ([1, 2, 3], 1), ([[1], [2, 3]], 2)],
)
def test_every_form_of_input_is_taken(client: Client, given: Any, count: int):
    """A text, texts, a text's tokens, texts' tokens."""
    assert len(embed(client, input=given)["data"]) == count


@pytest.mark.parametrize("given", [[], [[]], ["a", 1], [1.5], {"a": 1}, None])
def test_no_other_input_is_taken(client: Client, given: Any):
    """What is none of the four forms is refused by the name of the field."""
    answer = client.http.post(
        "/v1/embeddings", json={"model": "mock/embed", "input": given}
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["param"].startswith("input")


@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-5"])
def test_a_model_that_only_speaks_makes_none(client: Client, model: str):
    """A model that is known to make no embeddings is not asked for any."""
    answer = client.http.post(
        "/v1/embeddings", json={"model": model, "input": "The tide."}
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "unsupported_operation"


def test_an_answer_is_given_once(client: Client):
    """The same key and body get the same answer, and say so."""
    body = {"model": "mock/embed", "input": "The tide."}
    headers = {"Idempotency-Key": "embeddings-once"}
    answers = [
        client.http.post("/v1/embeddings", json=body, headers=headers) for _ in "12"
    ]

    assert answers[0].content == answers[1].content
    assert answers[1].headers["Idempotent-Replayed"] == "true"


@pytest.fixture(scope="module")
def elsewhere(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Client, Upstream]]:
    """A gateway whose OpenAI is a loopback server."""
    with running_upstream() as upstream:
        urls = f"openai={upstream.url}/v1 gemini={upstream.url}/v1beta"
        settings = {"HEADGATE_GATEWAY_PROVIDER_URLS": urls}
        folder = tmp_path_factory.mktemp("embeddings")
        with running_gateway(folder, settings) as gateway:
            client = Client(gateway)
            client.http.headers["X-Provider-Key-OpenAI"] = "sk-canary"
            client.http.headers["X-Provider-Key-Gemini"] = "g-canary"
            yield client, upstream
            client.close()


def test_an_upstream_makes_vectors(elsewhere: tuple[Client, Upstream]):
    """The request goes out in OpenAI's form; vectors in any order come back in ours."""
    client, upstream = elsewhere
    upstream.answers(
        {
            "object": "list",
            "data": [
                {"object": "embedding", "index": 1, "embedding": [0.25, 0.5]},
                {"object": "embedding", "index": 0, "embedding": [1, -0.5]},
            ],
            "usage": {"prompt_tokens": 9, "total_tokens": 9},
        }
    )
    answer = embed(
        client,
        model="text-embedding-3-small",
        input=["a", "b"],
        dimensions=2,
        user="me",
        encoding_format="base64",
    )
    asked = upstream.asked[-1]

    assert asked.path == "/v1/embeddings"
    assert asked.headers["authorization"] == "Bearer sk-canary"
    assert asked.body == {
        "model": "text-embedding-3-small",
        "input": ["a", "b"],
        "encoding_format": "float",
        "dimensions": 2,
        "user": "me",
    }
    decoded = [
        struct.unpack("<2f", base64.b64decode(each["embedding"]))
        for each in answer["data"]
    ]
    assert decoded == [(1.0, -0.5), (0.25, 0.5)]
    assert answer["usage"]["prompt_tokens"] == 9


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": [{"index": 0, "embedding": [1]}]},
        {"data": [{"index": 0, "embedding": "AAAA"}, {"index": 1}]},
        {"data": [{"index": i, "embedding": ["x"]} for i in range(2)]},
        {"object": "list"},
    ],
)
def test_an_upstream_that_answers_nonsense_has_failed(
    elsewhere: tuple[Client, Upstream], wrong: dict[str, Any]
):
    """Vectors that are missing, or are none, are the provider's failure."""
    client, upstream = elsewhere
    upstream.answers(wrong)
    answer = client.http.post(
        "/v1/embeddings",
        json={"model": "openai/text-embedding-3-small", "input": ["a", "b"]},
    )

    assert answer.status_code == 502, answer.text
    assert answer.json()["error"]["code"] == "upstream_failed"


def test_an_upstreams_refusal_is_told(elsewhere: tuple[Client, Upstream]):
    """What the provider refuses is told as it is for messages."""
    client, upstream = elsewhere
    upstream.fails(429, {"error": {"message": "Slow down."}}, **{"Retry-After": "3"})
    answer = client.http.post(
        "/v1/embeddings", json={"model": "openai/text-embedding-3-small", "input": "a"}
    )

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "3"


def test_gemini_makes_vectors(elsewhere: tuple[Client, Upstream]):
    """A batch in Google's own form; what it costs is estimated and priced."""
    client, upstream = elsewhere
    upstream.asked.clear()
    vectors = [{"values": [0.25, 0.5]}, {"values": [1, -0.5]}]
    upstream.answers({"embeddings": vectors})
    model = "gemini-embedding-001"
    answer = embed(client, model=model, input=["The tide.", "A boat."], dimensions=2)
    [asked] = upstream.asked
    texts = [request["content"]["parts"] for request in asked.body["requests"]]

    assert [each["embedding"] for each in answer["data"]] == [[0.25, 0.5], [1, -0.5]]
    assert answer["usage"]["prompt_tokens"] == 5
    assert asked.path == f"/v1beta/models/{model}:batchEmbedContents"
    assert asked.headers["x-goog-api-key"] == "g-canary"
    assert texts == [[{"text": "The tide."}], [{"text": "A boat."}]]
    assert asked.body["requests"][0]["model"] == f"models/{model}"
    assert asked.body["requests"][0]["outputDimensionality"] == 2


def test_gemini_takes_no_tokens_and_leaves_out_none(elsewhere: tuple[Client, Upstream]):
    """Tokens of another vocabulary are refused unsent; a short answer is a failure."""
    client, upstream = elsewhere
    upstream.asked.clear()
    upstream.answers({"embeddings": []})
    body = {"model": "gemini-embedding-001", "input": [1, 2, 3]}
    tokens = client.http.post("/v1/embeddings", json=body)
    unsent = list(upstream.asked)
    short = client.http.post("/v1/embeddings", json={**body, "input": "The tide."})

    assert (tokens.status_code, tokens.json()["error"]["param"]) == (400, "input")
    assert unsent == []
    assert short.status_code == 502
