"""Idempotency-Key: one deed however often it is asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx2
import pytest

from tests.gateway.client import Client, message, run


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def test_a_hundred_parallel_posts_start_one_run(client: Client):
    """All get the same run, and one of them began it."""
    headers = key()
    slow = {"turns": [{"text": "take your time", "delay_ms": 60}]}

    def post(_: int) -> httpx2.Response:
        return client.http.post("/v1/runs", json=run(slow), headers=headers)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(100)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["run"]["id"] for answer in answers}) == 1
    replayed = [answer.headers.get("idempotent-replayed") for answer in answers]
    assert sorted(map(str, replayed)) == ["None"] + ["true"] * 99


def test_a_stream_with_the_same_key_is_the_same_run(client: Client):
    """The second stream gives the first one's frames from the start."""
    headers = key()
    first = client.stream_run(run("tools"), **headers)
    second = client.stream_run(run("tools"), **headers)

    assert second.frames == first.frames
    assert second.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


def test_a_stream_that_was_left_is_picked_up(client: Client):
    """Leaving and asking again with the same key goes on with the same run."""
    headers = key()
    script = {"turns": [{"text": "on and on and on", "chunk": 2, "delay_ms": 40}]}
    with client.frames(
        "POST", "/v1/runs:stream", json=run(script), headers=headers
    ) as frames:
        first = next(frames)

    again = client.stream_run(run(script), **headers)

    assert again.frames[0] == first
    assert again.types[-1] == "run_complete"


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/runs", "/v1/runs:stream"])
def test_another_body_is_a_conflict(client: Client, path: str):
    """The same key with another request is a mistake, and says so."""
    headers = key()
    bodies = {
        "/v1/messages": [message(), message(max_tokens=3)],
        "/v1/runs": [run("text"), run("tools")],
        "/v1/runs:stream": [run("text"), run("tools")],
    }[path]
    first = client.http.post(path, json=bodies[0], headers=headers)
    second = client.http.post(path, json=bodies[1], headers=headers)

    assert first.status_code == 200
    assert second.status_code == 409
    assert second.json()["error"]["code"] == "idempotency_conflict"
    assert not second.json()["error"]["retryable"]


def test_an_answer_is_given_again_byte_for_byte(client: Client):
    """A whole message is kept with its id."""
    headers = key()
    first = client.http.post("/v1/messages", json=message(), headers=headers)
    second = client.http.post("/v1/messages", json=message(), headers=headers)

    assert second.content == first.content
    assert second.headers["idempotent-replayed"] == "true"


def test_the_order_of_fields_does_not_matter(client: Client):
    """Two spellings of one body are the same request."""
    headers = key()
    body = message(max_tokens=5)
    first = client.http.post("/v1/messages", json=body, headers=headers)
    turned = dict(reversed(list(body.items())))
    second = client.http.post("/v1/messages", json=turned, headers=headers)

    assert second.content == first.content


def test_a_request_still_being_answered_is_a_conflict_to_retry(client: Client):
    """While the first is at work the second is told to come back."""
    headers = key()
    slow = message({"turns": [{"text": "slow", "delay_ms": 300}]})

    def post(_: int) -> httpx2.Response:
        return client.http.post("/v1/messages", json=slow, headers=headers)

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(post, range(2)), key=lambda a: a.status_code)

    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["error"]["code"] == "idempotency_in_progress"
    assert answers[1].json()["error"]["retryable"]


def test_a_failure_is_not_kept(client: Client):
    """A provider's failure frees the key, so that the retry is carried out."""
    headers = key()
    script = {
        "name": str(uuid4()),
        "turns": [{"text": "at last"}],
        "faults": {"http": {"status": 503, "times": 1}},
    }
    first = client.http.post("/v1/messages", json=message(script), headers=headers)
    second = client.http.post("/v1/messages", json=message(script), headers=headers)

    assert first.status_code == 503
    assert second.status_code == 200
    assert "idempotent-replayed" not in second.headers


def test_another_place_is_a_conflict(client: Client):
    """What was said in one conversation is never taken for said in another."""
    headers = key()
    first, second = (
        client.http.post("/v1/workspaces", json={}).json()["workspace"]["id"]
        for _ in range(2)
    )
    said = {"content": "the same words"}
    answers = [
        client.http.post(f"/v1/workspaces/{id_}/messages", json=said, headers=headers)
        for id_ in (first, second)
    ]
    kept = client.http.get(f"/v1/workspaces/{second}/messages").json()["data"]

    assert answers[0].status_code == 200
    assert answers[1].status_code == 409
    assert answers[1].json()["error"]["code"] == "idempotency_conflict"
    assert kept == []


def test_a_secret_is_shown_again_to_the_same_request_only(client: Client):
    """Creating a key twice with one Idempotency-Key makes one key."""
    headers = key()
    body = {"name": "once", "project_id": client.new_project("once")}
    first = client.admin.post("/v1/admin/keys", json=body, headers=headers)
    second = client.admin.post("/v1/admin/keys", json=body, headers=headers)

    assert second.json() == first.json()
    assert second.status_code == 201
    assert second.headers["location"] == first.headers["location"]
    assert second.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("given", ["", "a b", "x" * 256, "\u00e9".encode()])
def test_a_malformed_key_is_refused(client: Client, given: str | bytes):
    """1 to 255 visible ASCII characters, as the specification says."""
    answer = client.http.post(
        "/v1/messages", json=message(), headers={"Idempotency-Key": given}
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "Idempotency-Key"
