"""The response cache: equal requests of one key get one answer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from headgate_gateway.clock import now_ms
from headgate_gateway.store.cache import CacheStore, Place
from headgate_gateway.store.database import Database
from headgate_gateway.store.schema import migrate
from tests.gateway.client import Client, message

KEPT = {"X-Headgate-Cache-TTL": "600"}


@pytest.fixture
def own(client: Client) -> Client:
    """A key of a project of its own."""
    project = client.new_project(f"cache {time.monotonic_ns()}")
    return client.with_key(client.new_key(project)["secret"])


def ask(client: Client, headers: dict[str, str] = KEPT, **fields: object) -> Any:
    """The answer to a message."""
    return client.http.post("/v1/messages", json=message(**fields), headers=headers)


def statuses(*answers: Any) -> list[str | None]:
    """What each answer says of the cache."""
    return [answer.headers.get("X-Headgate-Cache") for answer in answers]


def requests(client: Client) -> int:
    """How often a model was asked."""
    return client.http.get("/v1/usage").json()["requests"]


def test_an_equal_request_gets_the_same_answer(own: Client):
    """The second answer is the first byte for byte, and no model was asked for it."""
    first, second = ask(own), ask(own)

    assert statuses(first, second) == ["MISS", "HIT"]
    assert first.content == second.content
    assert second.headers["X-Cost-USD"] == "0"
    assert requests(own) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"temperature": 0.5},
        {"top_p": 0.5},
        {"max_tokens": 5},
        {"system": "Be brief."},
        {"stop_sequences": ["x"]},
        {"messages": [{"role": "user", "content": "Else."}]},
        {"model": "mock/script"},
        {"metadata": {"a": 1}},
    ],
    ids=lambda other: next(iter(other)),
)
def test_every_field_counts(own: Client, other: dict[str, Any]):
    """A request that differs anywhere is another one."""
    assert statuses(ask(own), ask(own, **other)) == ["MISS", "MISS"]


def test_other_keys_get_answers_of_their_own(client: Client):
    """Neither a neighbour nor another key of the same project is given the answer."""
    projects = [client.new_project(f"cache {time.monotonic_ns()}") for _ in "ab"]
    keys = [client.new_key(project)["secret"] for project in (*projects, projects[0])]
    clients = [client.with_key(key) for key in keys]

    assert statuses(*(ask(one) for one in clients)) == ["MISS"] * 3
    assert statuses(*(ask(one) for one in clients)) == ["HIT"] * 3


def test_whoever_does_not_want_it_is_not_given_it(own: Client):
    """Both ways to say so leave the cache alone; without a time nothing is kept."""
    ask(own)
    bypassing = [
        ask(own, {**KEPT, "X-Headgate-No-Cache": "true"}),
        ask(own, {**KEPT, "Cache-Control": "no-cache"}),
    ]

    assert statuses(*bypassing) == ["BYPASS", "BYPASS"]
    assert statuses(ask(own, {}), ask(own)) == [None, "HIT"]
    assert requests(own) == 4


def test_errors_and_streams_are_not_kept(own: Client):
    """A failure is tried anew, and a stream is always made."""
    script = {
        "name": f"cache {time.monotonic_ns()}",
        "faults": {"http": {"status": 500, "times": 1}},
        "turns": [{"text": "x"}],
    }
    answers = [
        own.http.post("/v1/messages", json=message(script), headers=KEPT)
        for _ in range(3)
    ]
    streams = [
        own.record(
            "POST", "/v1/messages", json=message(stream=True), headers=KEPT
        ).headers.get("X-Headgate-Cache")
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [502, 200, 200]
    assert statuses(*answers[1:]) == ["MISS", "HIT"]
    assert streams == [None, None]


def test_a_long_answer_is_not_kept(own: Client):
    """More than 256 KB is made again."""
    script = {"turns": [{"text": "y" * 1000, "repeat": 300, "chunk": 100_000}]}
    body = message(script)
    answers = [own.http.post("/v1/messages", json=body, headers=KEPT) for _ in range(2)]

    assert len(answers[0].content) > 256 * 1024
    assert statuses(*answers) == ["MISS", "MISS"]


def test_chats_are_kept_too(own: Client):
    """The other form has the same cache and entries of its own."""
    body = {"model": "mock/echo", "messages": [{"role": "user", "content": "Hi"}]}
    answers = [
        own.http.post("/v1/chat/completions", json=body, headers=KEPT) for _ in range(2)
    ]

    assert statuses(*answers) == ["MISS", "HIT"]
    assert answers[0].content == answers[1].content


def test_the_operator_sees_and_empties_it(client: Client, own: Client):
    """Counts grow with use; a project's answers are forgotten without the others'."""
    before = client.admin.get("/v1/admin/cache/stats").json()
    ask(own)
    ask(own)
    after = client.admin.get("/v1/admin/cache/stats").json()
    newest = client.admin.get("/v1/admin/projects", params={"limit": 1}).json()
    scope = {"project_id": newest["data"][0]["id"]}
    flushed = client.admin.post("/v1/admin/cache:flush", json=scope).json()

    assert after["hits"] - before["hits"] == after["misses"] - before["misses"] == 1
    ratio = after["hits"] / (after["hits"] + after["misses"])
    assert after["hit_ratio"] == ratio
    assert after["entries"] == before["entries"] + 1
    assert after["bytes"] > before["bytes"]
    assert flushed["deleted"] == 1
    assert statuses(ask(own)) == ["MISS"]
    assert client.admin.post("/v1/admin/cache:flush").json()["deleted"] >= 1


def test_an_answer_is_kept_for_its_time(own: Client):
    """When the time is over, the model is asked again."""
    brief = {"X-Headgate-Cache-TTL": "1"}
    first = ask(own, brief)
    later = ask(own, brief)
    while later.headers["X-Headgate-Cache"] == "HIT":
        later = ask(own, brief)

    assert statuses(first, later) == ["MISS", "MISS"]


async def test_only_so_much_is_kept(tmp_path: Path):
    """So many answers and so many bytes; those that would end first are forgotten."""
    database = Database(f"sqlite:///{tmp_path / 'cache.sqlite3'}")
    await migrate(database)
    store = CacheStore(database, most=3, most_bytes=10)
    places = [Place("key", bytes([turn]) * 32, "proj") for turn in range(5)]
    sizes = []
    for turn, place in enumerate(places):
        body = b"12345678" if turn == 4 else b"1"
        await store.keep(place, {}, body, until=now_ms() + 60_000 * (turn + 1))
        sizes.append(await store.size())
    found = [await store.find(place) is not None for place in places]
    await database.close()

    assert sizes == [(1, 1), (2, 2), (3, 3), (3, 3), (3, 10)]
    assert found == [False, False, True, True, True]
