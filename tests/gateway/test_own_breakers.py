"""Circuit breakers that a key has of its own, and what others notice of them."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headgate_gateway.dispatch.breaker import Threshold
from headgate_gateway.dispatch.terms import OwnBreakers
from headgate_gateway.dispatch.upstreams import Upstreams
from headgate_gateway.errors import GatewayError
from headgate_gateway.providers.catalogue import Catalogue
from tests.gateway.client import message
from tests.gateway.provider_streams import OPENAI_CHAT
from tests.gateway.test_recovery import elsewhere
from tests.gateway.test_resilience import DOWN, KEYS, Bench, bench, benches, shared

__all__ = ["bench", "shared"]

NERVOUS = {"failure_threshold": 1, "cooldown_s": 60}


def with_breakers(bench: Bench, **told: Any) -> tuple[str, Bench]:
    """A key with breakers of its own, and the bench as it sees it."""
    client = bench.client
    project = client.new_project(f"breakers {time.monotonic_ns()}")
    made = client.new_key(project, circuit_breaker=told or None)
    return made["id"], replace(bench, client=client.with_key(made["secret"]))


def breakers(bench: Bench) -> dict[str, Any]:
    """The breakers that the caller is told of, by provider."""
    signals = bench.client.http.get("/v1/resilience").json()
    return {one["upstream"]: one for one in signals["circuit_breakers"]}


def asked_everywhere(bench: Bench) -> dict[str, str]:
    """The code of the failure of each way to ask a model."""
    said = [{"role": "user", "content": "Hi"}]
    request = {"model": "openai/gpt-4o", "messages": said}
    bodies: dict[str, Any] = {
        "/v1/messages": request,
        "/v1/chat/completions": request,
        "/v1/embeddings": {"model": "openai/text-embedding-3-small", "input": "Hi"},
        "/v1/runs": {"request": request},
        "/v1/workspaces": {"model": "openai/gpt-4o", "initial_message": "Hi"},
    }
    answers = {
        path: bench.client.http.post(path, json=body, headers=KEYS).json()
        for path, body in bodies.items()
    }
    return {
        path: (answer.get("error") or answer["run"]["error"])["code"]
        for path, answer in answers.items()
    }


def test_a_keys_breaker_is_its_own(bench: Bench):
    """It opens by the key's threshold and failures, and keeps nobody else away."""
    _, own = with_breakers(bench, **NERVOUS)
    bench.openai.fails(500, DOWN)
    codes = [own.ask().json()["error"]["code"] for _ in range(2)]
    told = breakers(own)["openai"]
    score = own.client.http.get("/v1/resilience").json()["health_score"]
    bench.openai.streams(OPENAI_CHAT)
    answered = bench.ask()

    assert codes == ["upstream_failed", "circuit_open"]
    assert (told["state"], told["failure_count"], told["threshold"]) == ("open", 1, 1)
    assert 50 < told["cooldown_remaining_s"] <= 60
    assert score < 1
    assert answered.status_code == 200
    assert breakers(bench)["openai"]["threshold"] == 3
    assert bench.state() == "closed"


def test_others_failures_do_not_open_it(bench: Bench):
    """Where the gateway's breaker is open, such a key asks the provider still."""
    _, own = with_breakers(bench, failure_threshold=0)
    bench.openai.fails(500, DOWN)
    for _ in range(4):
        bench.ask(model="together/m")
    shared_code = bench.ask(model="together/m").json()["error"]["code"]
    codes = {own.ask(model="together/m").json()["error"]["code"] for _ in range(6)}

    assert shared_code == "circuit_open"
    assert codes == {"upstream_failed"}
    assert breakers(own)["together"]["state"] == "closed"


def test_it_holds_for_every_way_to_ask(bench: Bench):
    """Streams, chats, embeddings, runs and workspaces, too."""
    _, own = with_breakers(bench, **NERVOUS)
    bench.openai.fails(500, DOWN)
    own.ask()
    asked = len(bench.openai.asked)
    streamed = own.ask(stream=True)

    assert set(asked_everywhere(own).values()) == {"circuit_open"}
    assert "circuit_open" in streamed.text
    assert len(bench.openai.asked) == asked


def test_it_is_tried_again_and_closes(bench: Bench):
    """After its cool-down one call is let through, and after enough all are."""
    told = {"failure_threshold": 1, "success_threshold": 1, "cooldown_s": 0}
    _, own = with_breakers(bench, **told)
    bench.openai.fails(500, DOWN)
    own.ask()
    half = breakers(own)["openai"]["state"]
    bench.openai.streams(OPENAI_CHAT)
    tried = own.ask()

    assert (half, tried.headers["X-Headgate-CB-State"]) == ("half_open", "half_open")
    assert breakers(own)["openai"]["state"] == "closed"


def test_a_fallback_answers_for_what_it_leaves_alone(bench: Bench):
    """An open breaker of the key's own is a reason to ask the next model."""
    _, own = with_breakers(bench, **NERVOUS)
    bench.openai.fails(500, DOWN)
    own.ask()
    answer = own.ask(fallbacks=["anthropic/some-model"])
    routed = own.ask(
        routing={"strategy": "quality", "candidates": ["anthropic/some-model"]}
    )

    told = answer.headers["X-Headgate-Fallback"]
    assert told == "openai/gpt-4o circuit_open"
    assert answer.json()["model"] == routed.json()["model"] == "anthropic/some-model"
    assert "X-Headgate-Fallback" not in routed.headers


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions", "/v1/runs"])
def test_models_are_ordered_by_the_keys_own_breakers(bench: Bench, path: str):
    """Also where the key has not asked for a while, so that nothing is known of it."""
    _, own = with_breakers(bench, **NERVOUS)
    bench.openai.fails(500, DOWN)
    own.ask()
    time.sleep(1.1)
    routing = {"strategy": "quality", "candidates": ["anthropic/some-model"]}
    body = {"model": "openai/gpt-4o", "messages": message()["messages"]}
    asked: dict[str, Any] = {**body, "routing": routing}
    sent = {"request": asked} if path == "/v1/runs" else asked
    answer = own.client.http.post(path, json=sent, headers=KEYS)

    assert answer.status_code == 200, answer.text
    assert bench.anthropic.asked
    assert len(bench.openai.asked) == 1
    assert "X-Headgate-Fallback" not in answer.headers


def test_it_changes_with_the_key(bench: Bench):
    """What is left out has its default; another threshold begins anew; null ends it."""
    key, own = with_breakers(bench, failure_threshold=1)
    url, admin = f"/v1/admin/keys/{key}", bench.client.admin
    made = admin.get(url).json()["circuit_breaker"]
    bench.openai.fails(500, DOWN)
    own.ask()
    opened = breakers(own)["openai"]["state"]
    changed = admin.patch(
        url, json={"circuit_breaker": {"failure_threshold": 2, "cooldown_s": 5}}
    ).json()["circuit_breaker"]
    anew = breakers(own)["openai"]
    ended = admin.patch(url, json={"circuit_breaker": None}).json()["circuit_breaker"]

    default = {"failure_threshold": 1, "success_threshold": 2, "cooldown_s": 30}
    assert (made, opened) == (default, "open")
    assert changed == {**default, "failure_threshold": 2, "cooldown_s": 5}
    assert (anew["state"], anew["threshold"]) == ("closed", 2)
    assert ended is None
    assert breakers(own)["openai"]["threshold"] == 3


@pytest.mark.parametrize(
    ("told", "param"),
    [
        ({}, "circuit_breaker.failure_threshold"),
        ({"failure_threshold": -1}, "circuit_breaker.failure_threshold"),
        (
            {"failure_threshold": 1, "success_threshold": 0},
            "circuit_breaker.success_threshold",
        ),
        ({"failure_threshold": 1, "cooldown_s": -0.5}, "circuit_breaker.cooldown_s"),
    ],
)
def test_a_wrong_one_is_refused(bench: Bench, told: dict[str, Any], param: str):
    """The error names the field."""
    project = bench.client.new_project(f"wrong {time.monotonic_ns()}")
    body = {"name": "x", "project_id": project, "circuit_breaker": told}
    answer = bench.client.admin.post("/v1/admin/keys", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


def test_it_holds_on_after_a_restart(tmp_path: Path, own_settings: dict[str, str]):
    """What a key says of its breakers is in the store."""
    told: list[Any] = []
    for first in benches(tmp_path, own_settings):
        project = first.client.new_project("kept")
        told.append(first.client.new_key(project, circuit_breaker=NERVOUS))
    for second in benches(tmp_path, own_settings):
        url = f"/v1/admin/keys/{told[0]['id']}"
        told.append(second.client.admin.get(url).json())

    assert told[0]["circuit_breaker"] == told[1]["circuit_breaker"]
    assert told[1]["circuit_breaker"] == {**NERVOUS, "success_threshold": 2}


def test_the_defaults_are_those_of_the_specification(bench: Bench):
    """What a key leaves out is what the document says."""
    told = bench.client.http.get("/openapi.json").json()
    fields = told["components"]["schemas"]["CircuitBreaker"]["properties"]
    defaults = {name: field.get("default") for name, field in fields.items()}
    key, _ = with_breakers(bench, failure_threshold=7)
    made = bench.client.admin.get(f"/v1/admin/keys/{key}").json()["circuit_breaker"]

    assert made == {**defaults, "failure_threshold": 7}


def test_only_what_fails_is_kept_and_that_is_bounded():
    """Of many keys those that failed longest ago begin anew; well ones take nothing."""
    threshold = Threshold(failures=1, successes=1, cooldown=60)
    upstreams, failure = Upstreams(threshold), GatewayError("upstream_failed", "down")
    openai = Catalogue([elsewhere()], upstream_idle=10).resolve("openai/gpt-4o")
    keys = [OwnBreakers(f"key_{number}", threshold) for number in range(5000)]
    for key in keys:
        upstreams.enter(openai, key)
        upstreams.leave(openai, key, failure)
    states = [upstreams.breaker("openai", key).state(upstreams.now()) for key in keys]

    assert states == ["closed"] * (5000 - 4096) + ["open"] * 4096
