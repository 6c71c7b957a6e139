"""What was used, what it cost, and how much may be spent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from headgate_gateway.clock import parse_rfc3339
from headgate_gateway.dispatch.money import next_start, spelled, time_of, units
from headgate_gateway.ids import new_id
from headgate_gateway.store.database import Database
from headgate_gateway.store.usage import UsageRow, UsageStore
from tests.gateway.client import Client, message, run
from tests.gateway.conftest import STORES, store_settings
from tests.gateway.provider_streams import OPENAI_CHAT
from tests.gateway.upstreams import Upstream, running_upstream
from tests.gateway_process import running_gateway

MODEL = "openai/gpt-4o"
CALL = 93_750_000
"""What an answer of the upstream costs: 8 · 2.50 + 3 · 1.25 + 7 · 10 millionths."""


@dataclass
class Bench:
    """Two gateways on one store, whose provider is a loopback server with prices."""

    here: Client
    there: Client
    upstream: Upstream
    database: str

    def key(self, **body: object) -> tuple[str, Client, Client]:
        """A new key of a new project, used on either gateway."""
        project = self.here.new_project(f"usage {time.monotonic_ns()}")
        made = self.here.new_key(project, **body)
        clients = [one.with_key(made["secret"]) for one in (self.here, self.there)]
        for client in clients:
            client.http.headers["X-Provider-Key-OpenAI"] = "sk-mine"
        return made["id"], clients[0], clients[1]

    async def used_at(self, *times: int, key: str, project: str) -> None:
        """Keep usage of these times, of which the n-th cost n dollars."""
        database = Database(self.database)
        rows = [
            UsageRow(
                id=new_id("use"),
                project_id=project,
                key_id=key,
                request_id="req_past",
                operation="messages.create",
                provider="openai",
                model="openai/gpt-4o",
                input_tokens=1,
                output_tokens=1,
                cache_read_tokens=0,
                cost=number * 10**12,
                outcome="complete",
                created_at=time,
                reservation=None,
            )
            for number, time in enumerate(times, start=1)
        ]
        await UsageStore(database).append(rows)
        await database.close()

    def cap(self, key: str, period: str, limit: str) -> Any:
        """The answer to a new cap."""
        url = f"/v1/admin/keys/{key}/spend-caps/{period}"
        return self.here.admin.put(url, json={"limit_usd": limit}).json()


@pytest.fixture(scope="module", params=STORES)
def bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("usage")
    with running_upstream() as upstream:
        upstream.streams(OPENAI_CHAT)
        settings = {
            "HEADGATE_GATEWAY_DATABASE_URL": f"sqlite:///{folder / 'shared.sqlite3'}",
            **store_settings(request.param),
            "HEADGATE_GATEWAY_PROVIDER_URLS": f"openai={upstream.url}",
        }
        (folder / "one").mkdir()
        (folder / "two").mkdir()
        with (
            running_gateway(folder / "one", settings) as one,
            running_gateway(folder / "two", settings) as two,
        ):
            made = Bench(
                Client(one),
                Client(two),
                upstream,
                settings["HEADGATE_GATEWAY_DATABASE_URL"],
            )
            yield made
            made.here.close()
            made.there.close()


def ask(client: Client, **fields: object) -> Any:
    """The answer of the model that has prices."""
    return client.http.post("/v1/messages", json=message(model=MODEL, **fields))


def used(client: Client, **params: str) -> Any:
    """What the project of a client used."""
    return client.http.get("/v1/usage", params=params).json()


def asked_everywhere(client: Client) -> dict[str, int]:
    """The status of each way to ask a model."""
    said = [{"role": "user", "content": "Hi"}]
    request = {"model": MODEL, "messages": said}
    bodies: dict[str, Any] = {
        "/v1/messages": request,
        "/v1/chat/completions": request,
        "/v1/embeddings": {"model": "openai/text-embedding-3-small", "input": "Hi"},
        "/v1/runs": {"request": request},
        "/v1/workspaces": {"model": MODEL, "initial_message": "Hi"},
    }
    return {
        path: client.http.post(path, json=body).status_code
        for path, body in bodies.items()
    }


def test_what_is_used_is_summed_up(bench: Bench):
    """Every way to ask a model is counted and priced exactly, streamed or not."""
    key, client, _ = bench.key()
    whole, said = ask(client), [{"role": "user", "content": "Hi"}]
    client.record("POST", "/v1/messages", json=message(model=MODEL, stream=True))
    chat = {"model": MODEL, "messages": said}
    client.http.post("/v1/chat/completions", json=chat)
    client.http.post("/v1/workspaces", json={"model": MODEL, "initial_message": "Hi"})

    sums = used(client, group_by="operation")

    assert whole.status_code == 200, whole.text
    assert sums["requests"] == 4
    assert (sums["input_tokens"], sums["output_tokens"]) == (44, 28)
    assert sums["cache_read_tokens"] == 12
    assert sums["cost_usd"] == spelled(4 * CALL) == "0.000375"
    assert {group["value"]: group["requests"] for group in sums["groups"]} == {
        "messages.create": 2,
        "chat.completions.create": 1,
        "workspaces.create": 1,
    }
    by_key = bench.here.admin.get(f"/v1/admin/keys/{key}/usage").json()
    assert by_key["cost_usd"] == sums["cost_usd"]


def test_the_operator_sees_all(bench: Bench):
    """Sums over everybody are grouped by what is asked, and filtered."""
    key, client, _ = bench.key()
    ask(client)
    seen = [
        bench.here.admin.get("/v1/admin/usage", params=params).json()
        for params in (
            {"group_by": "key", "key_id": key},
            {"group_by": "model", "key_id": key},
            {"key_id": key, "created_before": "2020-01-01T00:00:00Z"},
        )
    ]

    assert [group["value"] for group in seen[0]["groups"]] == [key]
    assert [group["value"] for group in seen[1]["groups"]] == [MODEL]
    assert (seen[2]["requests"], seen[2]["cost_usd"], seen[2]["groups"]) == (0, "0", [])


def test_usage_is_summed_up_by_tags_of_keys(bench: Bench):
    """A value has what all its keys used, those without the tag have none."""
    teams = ["search", "support", "search", None, "support"]
    project = bench.here.new_project("tagged")
    ids: list[str] = []
    for number, team in enumerate(teams, start=1):
        tags = {"tags": {"team": team, "place": f"{number}"}} if team else {}
        ids.append(bench.here.new_key(project, **tags)["id"])
        times = [0] * (number - 1)
        asyncio.run(bench.used_at(*times, 1, key=ids[-1], project=project))
    # What a key used counts for the tags that it has now; a deleted one has none.
    bench.here.admin.delete(f"/v1/admin/keys/{ids[1]}")

    def sums(name: str) -> dict[str | None, tuple[int, str]]:
        params = {"group_by": f"tag:{name}", "project_id": project}
        told = bench.here.admin.get("/v1/admin/usage", params=params).json()
        assert told["requests"] == sum(each["requests"] for each in told["groups"])
        return {
            each["value"]: (each["requests"], each["cost_usd"])
            for each in told["groups"]
        }

    by_team = sums("team")
    assert list(by_team) == ["support", None, "search"]
    assert by_team == {"support": (5, "15"), None: (6, "13"), "search": (4, "7")}
    assert sums("nobody_has") == {None: (15, "35")}
    changed = bench.here.admin.patch(
        f"/v1/admin/keys/{ids[3]}", json={"tags": {"team": "search"}}
    )
    assert changed.json()["tags"] == {"team": "search"}
    assert sums("team")["search"] == (8, "17")


def test_a_tag_is_named_as_it_is_written(bench: Bench):
    """What is no name of a tag, or none of the words, is refused with its place."""
    for wrong in ("tag:", "tag:Team", "tag:a b", "tags:team", "team"):
        refused = bench.here.admin.get("/v1/admin/usage", params={"group_by": wrong})
        assert refused.status_code == 400, wrong
        assert refused.json()["error"]["param"] == "group_by"
    project = bench.here.new_project("tagged wrongly")
    for tags in ({"Team": "x"}, {"team": ""}, {"team": 1}, {"team": "a\nb"}):
        body = {"name": "k", "project_id": project, "tags": tags}
        refused = bench.here.admin.post("/v1/admin/keys", json=body)
        assert refused.status_code == 400, tags
        assert refused.json()["error"]["param"].startswith("tags"), refused.text


def test_usage_is_told_over_time(bench: Bench):
    """Hours and days that have any, in order, each with when it began."""
    key, client, _ = bench.key()
    project = client.admin.get(f"/v1/admin/keys/{key}").json()["project_id"]
    times = [
        "2026-02-28T22:59:59.999Z",
        "2026-02-28T23:00:00Z",
        "2026-02-28T23:59:59.999Z",
        "2026-03-01T00:00:00Z",
    ]
    asyncio.run(bench.used_at(*map(parse_rfc3339, times), key=key, project=project))
    hours = used(client, group_by="hour")
    days = bench.here.admin.get(
        f"/v1/admin/keys/{key}/usage",
        params={"group_by": "day", "created_after": "2026-02-28T23:00:00Z"},
    ).json()

    assert [(hour["value"], hour["requests"]) for hour in hours["groups"]] == [
        ("2026-02-28T22:00:00.000Z", 1),
        ("2026-02-28T23:00:00.000Z", 2),
        ("2026-03-01T00:00:00.000Z", 1),
    ]
    assert [hour["cost_usd"] for hour in hours["groups"]] == ["1", "5", "4"]
    assert (hours["requests"], hours["cost_usd"]) == (4, "10")
    assert [(day["value"], day["cost_usd"]) for day in days["groups"]] == [
        ("2026-02-28T00:00:00.000Z", "5"),
        ("2026-03-01T00:00:00.000Z", "4"),
    ]


def test_of_a_long_series_the_latest_are_told(bench: Bench):
    """A thousand hours at most, and none of them twice."""
    key, client, _ = bench.key()
    project = client.admin.get(f"/v1/admin/keys/{key}").json()["project_id"]
    hours = [number * 3_600_000 for number in range(1001)]
    asyncio.run(bench.used_at(*hours, key=key, project=project))
    groups = used(client, group_by="hour")["groups"]

    assert len(groups) == 1000
    assert groups[0]["value"] == "1970-01-01T01:00:00.000Z"
    assert groups[-1]["value"] == "1970-02-11T16:00:00.000Z"


def test_projects_see_their_own_usage_only(bench: Bench):
    """A neighbour's calls are not in the sums."""
    _, client, _ = bench.key()
    _, neighbour, _ = bench.key()
    ask(client)

    assert used(client)["requests"] == 1
    assert used(neighbour)["requests"] == 0


def test_who_leaves_half_way_pays_for_what_was_written(bench: Bench):
    """An answer that is left counts its input, and its output as far as it came."""
    _, client, _ = bench.key()
    script = {"turns": [{"text": "word " * 200, "chunk": 5, "delay_ms": 20}]}
    body = message(script, stream=True)
    with client.frames("POST", "/v1/messages", json=body) as frames:
        for _ in range(12):
            next(frames)
    sums = used(client)
    while not sums["requests"]:
        sums = used(client)

    assert sums["requests"] == 1
    assert sums["input_tokens"] > 0
    assert 5 <= sums["output_tokens"] < 200


def test_a_refused_call_costs_nothing(bench: Bench):
    """What never began is not in the sums, and nothing stays reserved for it."""
    key, client, _ = bench.key()
    bench.cap(key, "lifetime", "1")
    faults = {"faults": {"http": {"status": 500}}, "turns": [{"text": "x"}]}

    refused = client.http.post("/v1/messages", json=message(faults))
    answered = ask(client)

    assert refused.status_code == 502
    assert used(client)["requests"] == 1
    assert answered.headers["X-Headgate-Budget-Remaining-Lifetime"] == "1"


@pytest.mark.parametrize("period", ["daily", "monthly", "lifetime"])
def test_no_route_escapes_a_cap(bench: Bench, period: str):
    """When nothing may be spent, every way to ask a model is answered 402."""
    key, client, _ = bench.key()
    bench.cap(key, period, "0")

    statuses = asked_everywhere(client)

    assert set(statuses.values()) == {402}, statuses


def test_a_reached_cap_says_what_it_was(bench: Bench):
    """402 tells period, limit and what is spent; streams are refused as well."""
    key, client, _ = bench.key()
    bench.cap(key, "daily", "0.0001")
    first, second = ask(client), ask(client)
    streamed = client.record(
        "POST", "/v1/messages", json=message(model=MODEL, stream=True)
    )

    error = second.json()["error"]
    assert first.headers["X-Headgate-Budget-Remaining-Daily"] == "0.0001"
    assert (second.status_code, streamed.status) == (402, 402)
    assert (error["type"], error["code"]) == ("billing_error", "spend_cap_reached")
    assert error["details"] == {
        "period": "daily",
        "limit_usd": 0.0001,
        "current_usd": 0.00009375,
    }


@pytest.mark.parametrize("field", ["spend_today_usd", "spend_month_usd"])
def test_policies_know_what_was_spent(bench: Bench, field: str):
    """A condition compares the dollars of the key, exactly and at once."""
    key, client, _ = bench.key()
    project = client.admin.get(f"/v1/admin/keys/{key}").json()["project_id"]
    when = {"type": "compare", "field": f"usage.{field}", "op": "eq"}
    body = {
        "name": field,
        "project_id": project,
        "mode": "enforce",
        "phase": "pre",
        "rules": [
            {"when": {**when, "value": 0.00009375}, "then": [{"type": "deny"}]},
        ],
    }
    made = client.admin.post("/v1/admin/policies", json=body)
    first, second = ask(client), ask(client)

    assert made.status_code == 201, made.text
    assert (first.status_code, second.status_code) == (200, 403)
    assert second.json()["error"]["code"] == "policy_denied"


def test_caps_are_exact_over_processes(bench: Bench):
    """Calls through two processes by turns spend from one cap."""
    key, *clients = bench.key()
    bench.cap(key, "daily", spelled(5 * CALL))
    bench.cap(key, "monthly", "100")

    statuses = [ask(clients[turn % 2]).status_code for turn in range(8)]

    assert statuses == [200] * 5 + [402] * 3
    assert used(clients[0])["cost_usd"] == spelled(5 * CALL)


def test_a_cap_is_read_changed_and_removed(bench: Bench):
    """What was spent before counts; without the cap the key spends again."""
    key, client, _ = bench.key()
    url = f"/v1/admin/keys/{key}/spend-caps"
    ask(client)
    cap = bench.cap(key, "monthly", "2.50")
    listed = bench.here.admin.get(url).json()["data"]
    shown = bench.here.admin.get(f"{url}/monthly").json()
    removed = [bench.here.admin.delete(f"{url}/monthly").status_code for _ in range(2)]

    assert (cap["limit_usd"], cap["spent_usd"]) == ("2.5", "0.00009375")
    assert cap["remaining_usd"] == "2.49990625"
    assert [entry["period"] for entry in listed] == ["monthly"]
    assert shown == cap
    assert removed == [204, 404]
    assert bench.here.admin.get(f"{url}/monthly").status_code == 404
    assert ask(client).status_code == 200


def test_a_running_run_stops_at_the_cap(bench: Bench):
    """The step that may not be paid for any more ends the run with the error."""
    key, client, _ = bench.key()
    bench.cap(key, "daily", "0")
    recording = client.stream_run({"request": message(model=MODEL)})

    assert recording.types[-1] == "error"
    assert recording.events[-1]["error"]["code"] == "spend_cap_reached"


def test_usage_outlives_the_process(tmp_path: Path, own_settings: dict[str, str]):
    """What was answered right before the gateway stopped is in the sums."""
    with running_gateway(tmp_path, own_settings) as gateway:
        client = Client(gateway)
        for _ in range(5):
            client.http.post("/v1/messages", json=message())
        client.close()
    with running_gateway(tmp_path, own_settings) as gateway:
        client = Client(gateway)
        sums = used(client, group_by="model")
        client.close()

    assert sums["requests"] == 5
    assert [group["value"] for group in sums["groups"]] == ["mock/echo"]


def test_runs_are_counted_step_by_step(client: Client):
    """Each answer of a run is a call of its own."""
    project = client.new_project(f"usage of runs {time.monotonic_ns()}")
    other = client.with_key(client.new_key(project)["secret"])
    body = other.http.post("/v1/runs", json=run("tools")).json()

    sums = used(other)

    assert sums["requests"] == body["result"]["turn_count"] == 2
    assert sums["output_tokens"] == body["result"]["usage"]["output_tokens"]


def test_amounts_are_exact():
    """Whole units go in and come out as decimals without a rounding error."""
    noon = 1_772_280_000_000  # 2026-02-28T12:00:00Z

    assert spelled(units(Decimal("0.1")) * 3) == "0.3"
    assert [spelled(amount) for amount in (0, 1, 10**12, -5)] == [
        "0",
        "0.000000000001",
        "1",
        "0",
    ]
    assert [time_of(period, noon) for period in ("daily", "monthly", "lifetime")] == [
        "2026-02-28",
        "2026-02",
        "ever",
    ]
    assert next_start("daily", noon) == next_start("monthly", noon) == noon + 43_200_000
    assert next_start("lifetime", noon) is None
