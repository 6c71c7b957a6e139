"""Tokens are counted as they are billed, and priced to the last digit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate_gateway.json import dumps, loads
from headgate_gateway.providers.prices import cost_in_detail, number
from tests.gateway.client import Client, message

PRICES = {
    "input_per_million": 0.15,
    "output_per_million": 0.6,
    "cache_read_per_million": 0.075,
    "currency": "USD",
}


def post(client: Client, path: str, **body: object) -> Any:
    answer = client.http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return loads(answer.content)


def test_everything_that_is_given_counts(client: Client):
    """Text, texts and messages add up, texts each for itself."""
    said = message()["messages"]
    counts = [
        post(client, "/v1/tokens:count", model="echo", **fields)
        for fields in (
            {},
            {"text": "abcde"},
            {"texts": ["abcde", "", "a"]},
            {"messages": said},
            {"text": "abcde", "texts": ["abcde", "", "a"], "messages": said},
        )
    ]

    assert [count["input_tokens"] for count in counts] == [0, 2, 3, 7, 12]
    assert counts[2]["per_item"] == [2, 0, 1]
    assert counts[0] == {"model": "mock/echo", "input_tokens": 0, "method": "estimate"}


def test_the_count_is_what_is_billed(client: Client):
    """A conversation with tools costs the tokens that were counted."""
    tool = {"type": "function", "name": "f", "input_schema": {"type": "object"}}
    asked = {"model": "mock/echo", "messages": message()["messages"], "tools": [tool]}
    counted = post(client, "/v1/tokens:count", **asked)
    answer = post(client, "/v1/messages", **asked)

    assert counted["input_tokens"] == answer["usage"]["input_tokens"]


def test_a_cost_is_price_times_tokens(client: Client):
    """Cached tokens at their own price, no digit lost."""
    cost = post(
        client,
        "/v1/tokens:cost",
        model="gpt-4o-mini",
        input_tokens=123_457,
        cache_read_tokens=23_457,
        output_tokens=7,
    )

    assert cost == {
        "model": "openai/gpt-4o-mini",
        "input_cost": 0.016759275,
        "output_cost": 0.0000042,
        "total_cost": 0.016763475,
        "currency": "USD",
    }


def test_a_price_that_is_unknown_is_404(client: Client):
    """No cost is made up for a model without prices."""
    answer = client.http.post(
        "/v1/tokens:cost",
        json={"model": "groq/unheard-of", "input_tokens": 1, "output_tokens": 1},
    )

    assert answer.status_code == 404
    assert answer.json()["error"]["param"] == "model"


@given(
    asked=st.integers(0, 10**9),
    read=st.integers(0, 10**9),
    answered=st.integers(0, 10**9),
)
def test_costs_are_exact_decimals(asked: int, read: int, answered: int):
    """Written as JSON and read again, a cost is the product of whole tokens."""
    usage = {
        "input_tokens": asked + read,
        "cache_read_tokens": read,
        "output_tokens": answered,
    }
    cost = cost_in_detail({"pricing": PRICES}, usage)
    assert cost is not None
    expected = asked * 150 + read * 75 + answered * 600

    written = Decimal(dumps(number(cost.total)).decode())

    assert cost.total * 10**9 == expected
    assert written * 10**9 == expected


@pytest.mark.parametrize("name", ["input_tokens", "output_tokens"])
def test_both_sides_are_needed(client: Client, name: str):
    """A cost is asked for with both numbers."""
    body = {"model": "mock/echo", "input_tokens": 1, "output_tokens": 1}
    del body[name]
    answer = client.http.post("/v1/tokens:cost", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == name
