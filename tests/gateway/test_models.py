"""Models: which there are, by which names, and which is the one for a use."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.client import Client

AIASSIST = {
    "gpt-4o": "openai/gpt-4o",
    "gpt-4o-mini": "openai/gpt-4o-mini",
    "claude-3-5-sonnet-20241022": "anthropic/claude-3-5-sonnet-20241022",
    "claude-3-haiku-20240307": "anthropic/claude-3-haiku-20240307",
    "llama-3.3-70b-versatile": "groq/llama-3.3-70b-versatile",
    "mixtral-8x7b-32768": "groq/mixtral-8x7b-32768",
    "gemini-1.5-pro": "gemini/gemini-1.5-pro",
    "gemini-1.5-flash": "gemini/gemini-1.5-flash",
    "mistral-large-latest": "mistral/mistral-large-latest",
    "grok-2": "xai/grok-2",
    "meta-llama/Llama-3.3-70B-Instruct-Turbo": (
        "together/meta-llama/Llama-3.3-70B-Instruct-Turbo"
    ),
    "openrouter/auto": "openrouter/openrouter/auto",
    "deepseek-chat": "deepseek/deepseek-chat",
    "accounts/fireworks/models/llama-v3p3-70b-instruct": (
        "fireworks/accounts/fireworks/models/llama-v3p3-70b-instruct"
    ),
    "llama-3.1-sonar-large-128k-online": (
        "perplexity/llama-3.1-sonar-large-128k-online"
    ),
    "pin:operator-alias/llama3": "pin/pin:operator-alias/llama3",
}
"""The names of models in AiAssist's guide, one provider after the other."""


def listed(client: Client, **params: object) -> list[dict[str, Any]]:
    answer = client.http.get("/v1/models", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def recommended(client: Client, **wanted: object) -> list[str]:
    answer = client.http.post("/v1/models:recommend", json=wanted)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["model"] == body["ranked"][0]
    return [model["id"] for model in body["ranked"]]


@pytest.mark.parametrize(("name", "model"), AIASSIST.items())
@pytest.mark.parametrize("slash", ["/", "%2F"])
def test_every_name_of_the_guide_is_known(
    client: Client, name: str, model: str, slash: str
):
    """Bare names, aliases and names with slashes of their own find their provider."""
    answer = client.http.get(f"/v1/models/{name.replace('/', slash)}")

    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == model


def test_a_name_that_means_nothing_is_404(client: Client):
    """A model's name that no rule knows is no model."""
    answer = client.http.get("/v1/models/nobody/knows")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"


def test_prices_and_windows_filter(client: Client):
    """What is dearer, smaller, or of unknown price is left out."""
    cheap = listed(client, max_input_price=0.15)
    large = listed(client, min_context=1_000_000)

    assert all(model["pricing"]["input_per_million"] <= 0.15 for model in cheap)
    assert "openai/gpt-4o-mini" in {model["id"] for model in cheap}
    assert "groq/mixtral-8x7b-32768" not in {model["id"] for model in cheap}
    assert all(model["context_window"] >= 1_000_000 for model in large)
    assert "gemini/gemini-2.5-pro" in {model["id"] for model in large}


def test_a_capability_has_to_be_known(client: Client):
    """Only models that are known to have it are listed."""
    able = {model["id"] for model in listed(client, capability="embeddings")}

    assert "mock/embed" in able
    assert "openai/gpt-4o" not in able
    assert "perplexity/sonar" not in able


@pytest.mark.parametrize(
    ("order", "key"),
    [
        ("id", lambda model: model["id"]),
        (
            "input_price",
            lambda m: m.get("pricing", {}).get("input_per_million", float("inf")),
        ),
        ("context_window", lambda model: -model.get("context_window", 0)),
        ("created", lambda model: -model["created"]),
    ],
)
def test_models_are_ordered(client: Client, order: str, key: Any):
    """By the value asked for, those without it last."""
    keys = [key(model) for model in listed(client, sort=order)]

    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_input_price", "cheap"), ("min_context", "0"), ("sort", "beauty")],
)
def test_a_filter_that_is_none_is_refused(client: Client, name: str, value: str):
    """A filter of the wrong type or range is named."""
    answer = client.http.get("/v1/models", params={name: value})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == name


def test_a_key_lists_the_models_that_it_opens(client: Client):
    """A key for some models neither lists nor recommends others."""
    project = client.new_project("models of a key")
    key = client.new_key(project, allowed_models=["mock/*"])
    other = client.with_key(key["secret"])
    refused = other.http.post(
        "/v1/models:recommend", json={"candidates": ["mock/echo", "openai/gpt-4o"]}
    )

    assert {model["provider"] for model in listed(other)} == {"mock"}
    assert {name.partition("/")[0] for name in recommended(other)} == {"mock"}
    assert refused.status_code == 403
    assert refused.json()["error"]["param"] == "candidates[1]"


def test_the_best_model_is_recommended(client: Client):
    """By cost, quality or speed, among those that fit everything."""
    candidates = ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "claude-haiku-4-5"]
    rank = {
        strategy: recommended(client, candidates=candidates, strategy=strategy)
        for strategy in ("cost", "quality", "performance")
    }
    names = {
        strategy: [name.partition("/")[2] for name in ids]
        for strategy, ids in rank.items()
    }

    assert names == {
        "cost": ["gpt-4o-mini", "claude-haiku-4-5", "gpt-4o", "claude-sonnet-4-5"],
        "quality": ["claude-sonnet-4-5", "gpt-4o-mini", "claude-haiku-4-5", "gpt-4o"],
        "performance": [
            "gpt-4o-mini",
            "claude-haiku-4-5",
            "gpt-4o",
            "claude-sonnet-4-5",
        ],
    }


@pytest.mark.parametrize(
    ("use_case", "capability"),
    [
        ("vision", "vision"),
        ("reasoning", "thinking"),
        ("agents", "parallel_tools"),
        ("extraction", "structured_output"),
        ("embeddings", "embeddings"),
    ],
)
def test_a_use_asks_for_its_capabilities(
    client: Client, use_case: str, capability: str
):
    """Every model that is recommended for a use is known to be able to serve it."""
    able = {model["id"] for model in listed(client, capability=capability)}

    assert recommended(client, use_case=use_case)
    assert set(recommended(client, use_case=use_case)) <= able


def test_when_no_model_fits_there_is_none(client: Client):
    """Bounds that contradict each other leave no model."""
    answer = client.http.post(
        "/v1/models:recommend",
        json={"use_case": "embeddings", "min_context": 1_000_000_000},
    )

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"


def test_a_candidate_that_is_unknown_is_named(client: Client):
    """A candidate has to be a model."""
    answer = client.http.post(
        "/v1/models:recommend", json={"candidates": ["mock/echo", "nobody"]}
    )

    assert answer.status_code == 404
    assert answer.json()["error"]["param"] == "candidates[1]"
