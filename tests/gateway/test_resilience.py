"""Providers that fail: who is asked instead, and who is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate_gateway.dispatch.breaker import Breaker, Threshold
from tests.gateway.client import ROOT, Client, breaches, message
from tests.gateway.conftest import STORES, store_settings
from tests.gateway.provider_streams import ANTHROPIC, OPENAI_CHAT
from tests.gateway.upstreams import Upstream, running_upstream
from tests.gateway_process import running_gateway

THRESHOLD = Threshold(failures=3, successes=2, cooldown=30)
DOWN = {"error": {"message": "out of order"}}
OPENAI = {"X-Provider-Key-OpenAI": "sk-of-openai-alone"}
KEYS = {
    **OPENAI,
    "X-Provider-Key-Anthropic": "sk-of-anthropic-alone",
    "X-Provider-Key-Groq": "sk-of-groq-alone",
    "X-Provider-Key-Mistral": "sk-of-mistral-alone",
    "X-Provider-Key-Together": "sk-of-together-alone",
}


@dataclass
class Bench:
    """A gateway between two providers that can be told to fail."""

    client: Client
    openai: Upstream
    anthropic: Upstream

    def ask(self, headers: dict[str, str] = KEYS, **fields: object) -> Any:
        """The answer to a message that OpenAI's model is asked for."""
        body = message(**{"model": "openai/gpt-4o", **fields})
        return self.client.http.post("/v1/messages", json=body, headers=headers)

    def state(self) -> str:
        """OpenAI's breaker."""
        data = self.client.http.get("/v1/health/upstreams").json()["data"]
        return next(
            (one["circuit_state"] for one in data if one["provider"] == "openai"),
            "closed",
        )


@pytest.fixture(scope="module", params=STORES)
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """The gateway of this file."""
    folder = tmp_path_factory.mktemp("resilience")
    yield from benches(folder, store_settings(request.param))


@pytest.fixture
def bench(shared: Bench) -> Bench:
    """A gateway whose providers answer, and have not failed just now."""
    shared.openai.streams(OPENAI_CHAT)
    shared.anthropic.streams(ANTHROPIC, named=True)
    for model in ("openai/gpt-4o", "anthropic/some-model"):
        assert shared.ask(model=model).status_code == 200
    shared.openai.asked.clear()
    shared.anthropic.asked.clear()
    return shared


def benches(folder: Path, own_settings: dict[str, str], **more: str) -> Iterator[Bench]:
    """One bench whose breakers open after three failures."""
    with ExitStack() as stack:
        openai, anthropic = (stack.enter_context(running_upstream()) for _ in range(2))
        openai.streams(OPENAI_CHAT)
        settings = {
            **own_settings,
            "HEADGATE_GATEWAY_PROVIDER_URLS": f"openai={openai.url} "
            f"groq={openai.url} mistral={openai.url} "
            f"together={openai.url} anthropic={anthropic.url}",
            "HEADGATE_GATEWAY_BREAKER_FAILURES": "3",
            "HEADGATE_GATEWAY_BREAKER_COOLDOWN": "60",
            **more,
        }
        client = Client(stack.enter_context(running_gateway(folder, settings)))
        yield Bench(client, openai, anthropic)
        client.close()


@pytest.fixture
def impatient(tmp_path: Path, own_settings: dict[str, str]) -> Iterator[Bench]:
    """A bench that tries a failing provider again at once."""
    more = {"HEADGATE_GATEWAY_BREAKER_COOLDOWN": "0"}
    yield from benches(tmp_path, own_settings, **more)


@pytest.mark.parametrize("status", [401, 402, 408, 429, 500, 503, 529])
def test_another_model_answers(bench: Bench, status: int):
    """What the first provider cannot do for now, the next one does."""
    bench.openai.fails(status, DOWN)
    answer = bench.ask(fallbacks=["anthropic/some-model"])

    assert answer.status_code == 200, answer.text
    assert answer.json()["model"] == "anthropic/some-model"
    assert answer.headers["X-Headgate-Upstream"] == "anthropic"
    assert answer.headers["X-Model"] == "anthropic/some-model"
    assert answer.headers["X-Headgate-Fallback"].startswith("openai/gpt-4o ")
    assert len(bench.openai.asked) == len(bench.anthropic.asked) == 1
    assert "X-Headgate-Fallback" not in bench.ask(model="mock/echo").headers


def test_a_wrong_request_is_not_tried_elsewhere(bench: Bench):
    """What no provider could answer is refused at once, before anybody is asked."""
    unknown = bench.ask(fallbacks=["nowhere/nothing"])

    assert unknown.status_code == 404
    assert unknown.json()["error"]["param"] == "fallbacks[0]"
    assert bench.openai.asked == bench.anthropic.asked == []


@pytest.mark.parametrize("status", [400, 404, 422])
def test_what_a_provider_will_never_take_is_not_tried_elsewhere(
    bench: Bench, status: int
):
    """The caller is told, and asks neither again nor another model by accident."""
    bench.openai.fails(status, {"error": {"message": "temperature: too hot"}})
    answer = bench.ask(fallbacks=["anthropic/some-model"])

    assert answer.status_code in (400, 404)
    assert not answer.json()["error"]["retryable"]
    assert "temperature: too hot" in answer.json()["error"]["message"]
    assert bench.anthropic.asked == []


def test_health_tells_how_a_provider_fares(impatient: Bench):
    """Unknown, healthy, degraded by its errors, unhealthy while it is left alone."""

    def status() -> str:
        data = impatient.client.http.get("/v1/health/upstreams").json()["data"]
        named = {one["provider"]: one["status"] for one in data}
        return str(named.get("openai", "unknown"))

    seen = [status()]
    impatient.ask()
    seen.append(status())
    impatient.openai.fails(500, DOWN)
    impatient.ask()
    seen.append(status())

    assert seen == ["unknown", "healthy", "degraded"]


def test_a_key_goes_to_its_own_provider_alone(bench: Bench):
    """A fallback without a key of its own is not given another provider's."""
    bench.openai.fails(500, DOWN)
    answer = bench.ask(headers=OPENAI, fallbacks=["anthropic/some-model", "mock/echo"])
    told = bench.ask(fallbacks=["anthropic/some-model"])

    sent = "".join(bench.anthropic.asked[-1].headers.values())
    assert answer.json()["model"] == "mock/echo"
    assert told.status_code == 200
    assert len(bench.anthropic.asked) == 1
    assert "sk-of-openai-alone" not in sent


def test_when_nobody_can_answer_all_are_named(bench: Bench):
    """503 lists each model with the code of its failure."""
    bench.openai.fails(500, DOWN)
    bench.anthropic.fails(529, DOWN)
    answer = bench.ask(fallbacks=["anthropic/some-model"])

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (503, "all_upstreams_exhausted")
    assert error["details"]["upstreams"] == [
        {"model": "openai/gpt-4o", "code": "upstream_failed"},
        {"model": "anthropic/some-model", "code": "overloaded"},
    ]


def test_streams_chats_and_runs_fall_back_too(bench: Bench):
    """A stream is one whole answer of the model that could give it."""
    bench.openai.fails(500, DOWN)
    fields = {"model": "together/m", "fallbacks": ["mock/echo"]}
    body = message(stream=True, **fields)
    streamed = bench.client.record("POST", "/v1/messages", json=body, headers=KEYS)
    said = {"messages": [{"role": "user", "content": "Hi"}]}
    chat = bench.client.http.post(
        "/v1/chat/completions", json={**fields, **said}, headers=KEYS
    )
    carried = bench.client.http.post(
        "/v1/runs", json={"request": {**fields, **said}}, headers=KEYS
    )

    assert breaches("message", streamed, body) == []
    assert streamed.events[0]["message"]["model"] == "mock/echo"
    assert streamed.headers["X-Headgate-Upstream"] == "mock"
    tried = "together/m upstream_failed"
    assert streamed.headers["X-Headgate-Fallback"] == tried
    assert chat.json()["choices"][0]["message"]["content"] == "Hi"
    assert carried.json()["result"]["response"]["model"] == "mock/echo"


def test_an_answer_that_began_is_not_begun_again(bench: Bench):
    """After the first event a failure is the end, whatever could be asked instead."""
    bench.openai.streams(OPENAI_CHAT[:2])
    body = message(model="openai/gpt-4o", stream=True, fallbacks=["mock/echo"])
    streamed = bench.client.record("POST", "/v1/messages", json=body, headers=KEYS)

    assert streamed.types[-1] == "error"
    assert streamed.types.count("message_start") == 1


def test_a_failing_provider_is_left_alone(bench: Bench):
    """After its failures in a row it is not asked; the error says until when."""
    bench.openai.fails(500, DOWN)
    statuses = [bench.ask(model="groq/m").status_code for _ in range(4)]
    refused = bench.ask(model="groq/m")
    signals = bench.client.http.get("/v1/resilience").json()
    health = bench.client.http.get("/v1/health/upstreams").json()["data"]

    error = refused.json()["error"]
    assert statuses == [502, 502, 502, 503]
    assert len(bench.openai.asked) == 3
    assert (error["code"], error["details"]["upstream"]) == ("circuit_open", "groq")
    assert error["details"]["retry_at"].endswith("Z")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    breakers = {one["upstream"]: one for one in signals["circuit_breakers"]}
    breaker = breakers["groq"]
    assert {one["provider"]: one["status"] for one in health}["groq"] == "unhealthy"
    assert (breaker["state"], breakers["openai"]["state"]) == ("open", "closed")
    assert (breaker["failure_count"], breaker["threshold"]) == (3, 3)
    assert 0 < signals["health_score"] < 1
    assert (
        bench.ask(model="groq/m", fallbacks=["mock/echo"]).json()["model"]
        == "mock/echo"
    )


@pytest.mark.parametrize("status", [400, 401, 404, 429])
def test_a_callers_own_fault_opens_no_breaker(bench: Bench, status: int):
    """Wrong keys and wrong requests of one caller leave the others their provider."""
    bench.openai.fails(status, DOWN)
    for _ in range(5):
        bench.ask()

    assert len(bench.openai.asked) == 5
    assert bench.state() == "closed"


def test_a_provider_is_asked_again_when_it_has_proved_well(impatient: Bench):
    """Half open it is tried; after its answers in a row it is closed."""
    impatient.openai.fails(500, DOWN)
    for _ in range(3):
        impatient.ask()
    impatient.openai.streams(OPENAI_CHAT)
    states = [impatient.state()]
    answers = [impatient.ask() for _ in range(2)]
    states.append(impatient.state())

    assert states == ["half_open", "closed"]
    assert [a.headers["X-Headgate-CB-State"] for a in answers] == ["half_open"] * 2
    assert answers[0].status_code == 200


def test_the_gateway_may_be_kept_from_too_much(
    tmp_path: Path, own_settings: dict[str, str]
):
    """One call too many is refused with the numbers, and the next one is answered."""
    settings = {**own_settings, "HEADGATE_GATEWAY_MAX_MODEL_CALLS": "1"}
    slow = {"turns": [{"text": "word " * 100, "chunk": 5, "delay_ms": 20}]}
    with running_gateway(tmp_path, settings) as gateway:
        client = Client(gateway)
        body = message(slow, stream=True)
        with client.frames("POST", "/v1/messages", json=body) as frames:
            next(frames)
            refused = client.http.post("/v1/messages", json=message())
        again = client.http.post("/v1/messages", json=message())
        while again.status_code == 429:
            again = client.http.post("/v1/messages", json=message())
        client.close()

    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (429, "backpressure")
    assert error["details"] == {"current": 1, "max": 1}
    assert again.status_code == 200


@pytest.fixture
def narrow(tmp_path: Path, own_settings: dict[str, str]) -> Iterator[Client]:
    """A caller of a gateway that asks one model at a time, whose key is stored."""
    settings = {**own_settings, "HEADGATE_GATEWAY_MAX_MODEL_CALLS": "1"}
    with running_gateway(tmp_path, settings) as gateway:
        client = Client(gateway)
        made = client.new_key(client.new_project("narrow"))
        yield client.with_key(made["secret"])
        client.close()


def test_requests_at_once_do_not_find_one_place(narrow: Client):
    """Nothing is waited for between the look for a place and its taking."""
    slow = {"turns": [{"text": "slow", "delay_ms": 1500}]}

    def post(fields: dict[str, bool]) -> int:
        body = message(slow, **fields)
        return narrow.http.post("/v1/messages", json=body).status_code

    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(post, [{}, {"stream": True}] * 6))

    assert sorted(statuses) == [200] + [429] * 11


def test_embeddings_take_a_place_too(narrow: Client):
    """They are refused while another model is asked."""
    slow = {"turns": [{"text": "word " * 100, "chunk": 5, "delay_ms": 20}]}
    body = message(slow, stream=True)
    asked = {"model": "mock/embed", "input": "x"}
    with narrow.frames("POST", "/v1/messages", json=body) as frames:
        next(frames)
        refused = narrow.http.post("/v1/embeddings", json=asked)

    assert refused.json()["error"]["code"] == "backpressure"


@pytest.mark.parametrize("fields", [{}, {"stream": True}])
def test_several_choices_need_their_places_before_the_first_word(
    narrow: Client, fields: dict[str, bool]
):
    """An answer that there is no room for is refused, and not broken off later."""
    body = {"messages": [{"role": "user", "content": "Hi"}], **fields}
    url = "/v1/chat/completions"
    asked = {"model": "mock/echo", **body}
    refused = narrow.http.post(url, json={**asked, "n": 3})
    again = narrow.http.post(url, json=asked)

    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "backpressure"
    assert again.status_code == 200


def routed(bench: Bench, strategy: str, *candidates: str, **more: object) -> Any:
    """The answer to a message whose model the gateway chooses."""
    routing = {"strategy": strategy, "candidates": list(candidates), **more}
    return bench.ask(routing=routing)


@pytest.mark.parametrize(
    ("strategy", "chosen"),
    [
        ("cost", "openai/gpt-4o-mini"),
        ("lowest_cost", "openai/gpt-4o-mini"),
        ("quality", "openai/o4-mini"),
        ("performance", "openai/gpt-4o-mini"),
    ],
)
def test_a_model_is_chosen(bench: Bench, strategy: str, chosen: str):
    """By what the manifests say of prices, quality and speed."""
    answer = routed(bench, strategy, "openai/gpt-4o-mini", "openai/o4-mini")

    assert answer.json()["model"] == chosen
    assert answer.headers["X-Headgate-Route-Strategy"] in ("cost", strategy)
    assert "first of 3" in answer.headers["X-Headgate-Route-Reason"]


def test_models_take_turns(bench: Bench):
    """Each of the candidates is asked as often as the others."""
    models = [
        routed(bench, "round_robin", "mock/echo").json()["model"] for _ in range(4)
    ]

    assert sorted(models) == ["mock/echo"] * 2 + ["openai/gpt-4o"] * 2


@pytest.mark.parametrize("strategy", ["round_robin", "weighted"])
def test_each_key_has_turns_of_its_own(bench: Bench, strategy: str):
    """Two keys that ask in turn each get all of the models."""
    client = bench.client
    project = client.new_project(f"turns by {strategy}")
    callers = [client.with_key(client.new_key(project)["secret"]) for _ in range(2)]
    chosen: list[list[str]] = [[], []]
    for _ in range(4):
        for models, caller in zip(chosen, callers, strict=True):
            answer = routed(replace(bench, client=caller), strategy, "mock/echo")
            models.append(answer.json()["model"])

    both = ["mock/echo"] * 2 + ["openai/gpt-4o"] * 2
    assert [sorted(models) for models in chosen] == [both, both]


def test_models_are_asked_as_often_as_they_weigh(bench: Bench):
    """Three of four times the one of weight 3; never one of weight 0."""
    weights = {"gpt-4o": 3, "mock/echo": 1, "anthropic/some-model": 0}
    candidates = ("mock/echo", "anthropic/some-model")
    models = [
        routed(bench, "weighted", *candidates, weights=weights).json()["model"]
        for _ in range(4)
    ]

    assert sorted(models) == ["mock/echo"] + ["openai/gpt-4o"] * 3


def test_what_is_required_is_met_or_refused(bench: Bench):
    """Candidates that are not known to fit are not asked; none at all is 404."""
    fit = routed(bench, "cost", "openai/o4-mini", required_capabilities=["thinking"])
    none = routed(bench, "cost", max_input_price=0.0001)

    assert fit.json()["model"] == "openai/o4-mini"
    assert (none.status_code, none.json()["error"]["param"]) == (404, "routing")


def test_a_provider_that_is_left_alone_comes_last(bench: Bench):
    """Whatever the strategy prefers, nobody waits for an open breaker."""
    bench.openai.fails(500, DOWN)
    for _ in range(3):
        bench.ask(model="mistral/m")

    routing = {"strategy": "quality", "candidates": ["anthropic/some-model"]}
    answer = bench.ask(model="mistral/m", routing=routing)

    assert answer.json()["model"] == "anthropic/some-model"
    assert len(bench.openai.asked) == 3


def test_a_key_keeps_its_models_whatever_is_routed(bench: Bench):
    """Neither a fallback nor a candidate opens a model that the key may not use."""
    client = bench.client
    made = client.new_key(client.new_project("routed"), allowed_models=["mock/*"])
    other = replace(bench, client=client.with_key(made["secret"]))
    answers = [
        other.ask(model="mock/echo", fallbacks=["openai/gpt-4o"]),
        other.ask(
            model="mock/echo",
            routing={"strategy": "cost", "candidates": ["openai/gpt-4o"]},
        ),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert bench.openai.asked == []


def test_signals_tell_the_keys_own_limits(client: Client):
    """In flight, rate and what is left of both."""
    project = client.new_project("signals")
    limit = {"requests": 10, "window_s": 3600}
    made = client.new_key(project, rate_limit=limit, max_concurrent=4)
    signals = client.with_key(made["secret"]).http.get("/v1/resilience").json()
    free = client.http.get("/v1/resilience").json()

    assert signals["inflight"] == {"max_concurrent": 4, "in_use": 0, "available": 4}
    rate = signals["rate_limiter"]
    assert (rate["limit"], rate["remaining"], rate["throttled"]) == (10, 9, False)
    assert free["inflight"]["max_concurrent"] is None
    assert free["rate_limiter"]["limit"] is None


def test_no_route_asks_a_model_but_through_the_dispatcher():
    """Caps, usage and breakers hold for every way to ask, also for those to come."""
    package = ROOT / "gateway" / "headgate_gateway"
    asking = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if any(
            f"catalogue.{how}(" in path.read_text("utf-8")
            for how in ("stream", "whole", "embed")
        )
    }

    assert asking == {"dispatch/dispatcher.py"}


def opened(breaker: Breaker, at: float) -> Breaker:
    """The breaker after as many failures as it takes."""
    for _ in range(breaker.threshold.failures):
        assert breaker.admits(at)
        breaker.failed(at)
    return breaker


def test_a_breaker_goes_round():
    """Closed, open for its time, half open for one at a time, closed again."""
    breaker = opened(Breaker(THRESHOLD), 0)
    held = [breaker.admits(at) for at in (0, 29.9)]
    tried = [breaker.admits(30), breaker.admits(30)]
    breaker.succeeded(30)
    after_one = breaker.state(30)
    assert breaker.admits(31)
    breaker.succeeded(31)

    assert (held, tried) == ([False, False], [True, False])
    assert (after_one, breaker.state(31)) == ("half_open", "closed")


def test_a_failed_try_opens_it_anew():
    """Half open, one failure is enough, and the time begins again."""
    breaker = opened(Breaker(THRESHOLD), 0)
    assert breaker.admits(30)
    breaker.failed(30)

    assert (breaker.state(59.9), breaker.state(60)) == ("open", "half_open")


def test_a_try_that_says_nothing_makes_room_for_another():
    """A caller who leaves neither proves nor refutes anything."""
    breaker = opened(Breaker(THRESHOLD), 0)
    assert breaker.admits(30)
    breaker.abandoned()

    assert breaker.admits(30)


def test_an_answer_makes_failures_forgotten():
    """Only failures in a row count."""
    breaker = Breaker(THRESHOLD)
    for _ in range(10):
        breaker.failed(0)
        breaker.failed(0)
        breaker.succeeded(0)

    assert (breaker.state(0), breaker.failures) == ("closed", 0)


def test_without_a_threshold_it_never_opens():
    """Zero failures stand for no breaker."""
    breaker = Breaker(Threshold(failures=0, successes=1, cooldown=1))
    for _ in range(100):
        breaker.failed(0)

    assert breaker.admits(0)


@given(st.lists(st.sampled_from(["ok", "bad", "gone", "wait"]), max_size=60))
def test_a_breaker_never_sticks(steps: list[str]):
    """Whatever happens, after its time a call is admitted, and never two half open."""
    breaker, now, running = Breaker(THRESHOLD), 0.0, 0
    for step in steps:
        now += 7.0 if step == "wait" else 0.0
        if step == "wait" or not breaker.admits(now):
            continue
        running += 1
        assert breaker.state(now) == "closed" or running == 1
        match step:
            case "ok":
                breaker.succeeded(now)
            case "bad":
                breaker.failed(now)
            case _:
                breaker.abandoned()
        running -= 1

    assert breaker.admits(now + THRESHOLD.cooldown)
