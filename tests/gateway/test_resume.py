"""Following a run: from any event, by any number of readers, to the same bytes."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx2
import pytest

from tests.gateway.client import Client, breaches, message, run, until
from tests.gateway_process import running_gateway

SLOW = {"turns": [{"text": "one two three four five", "chunk": 3, "delay_ms": 40}]}


def finished(client: Client) -> str:
    """The id of a run that is over."""
    return client.http.post("/v1/runs", json=run("tools")).json()["run"]["id"]


def test_every_cursor_replays_the_rest_byte_for_byte(client: Client):
    """A replay after N is exactly the stored frames after N."""
    whole = client.stream_run(run("tools"))
    run_id = whole.events[0]["run_id"]

    for after in range(len(whole.frames)):
        assert client.follow(run_id, after=after).frames == whole.frames[after:]


def test_both_spellings_of_the_cursor_say_the_same(client: Client):
    """`Last-Event-ID` and `starting_after` give the same stream."""
    run_id = finished(client)

    by_header = client.record(
        "GET", f"/v1/runs/{run_id}/events", headers={"Last-Event-ID": "3"}
    )

    assert by_header.frames == client.follow(run_id, after=3).frames


def test_cursors_that_disagree_are_refused(client: Client):
    """Two cursors that name different events are a mistake of the caller."""
    answer = client.http.get(
        f"/v1/runs/{finished(client)}/events",
        params={"starting_after": 2},
        headers={"Last-Event-ID": "3"},
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_starting_after"


@pytest.mark.parametrize("cursor", ["-1", "x", "1e3", "", "0x1", "1" * 16])
def test_a_cursor_that_is_no_number_is_refused(client: Client, cursor: str):
    """Rubbish is 400 however it is sent."""
    url = f"/v1/runs/{finished(client)}/events"

    assert client.http.get(url, params={"starting_after": cursor}).status_code == 400
    assert client.http.get(url, headers={"Last-Event-ID": cursor}).status_code == 400


def test_nothing_more_is_204(client: Client):
    """At or past the terminal event of a finished run nothing can ever follow."""
    run_id = finished(client)
    last = client.http.get(f"/v1/runs/{run_id}").json()["run"]["last_sequence_number"]

    for after in (last, last + 1, last + 1000):
        answer = client.http.get(
            f"/v1/runs/{run_id}/events", params={"starting_after": after}
        )
        assert answer.status_code == 204
        assert answer.content == b""


def test_a_cursor_ahead_of_a_live_run_waits(client: Client):
    """An event that has not happened yet is waited for; without follow it is not."""
    body = run(SLOW, background=True)
    run_id = client.http.post("/v1/runs", json=body).json()["run"]["id"]
    at_once = client.record(
        "GET",
        f"/v1/runs/{run_id}/events",
        params={"starting_after": 500, "follow": "false"},
    )

    waited = client.follow(run_id, after=8)

    assert at_once.frames == []
    assert at_once.complete
    assert waited.events[0]["sequence_number"] == 9
    assert waited.types[-1] == "run_complete"


def test_without_follow_the_stream_ends_with_what_there_is(client: Client):
    """`follow=false` on a live run gives the stored events and ends."""
    body = run({"turns": [{"text": "late", "delay_ms": 30_000}]}, background=True)
    run_id = client.http.post("/v1/runs", json=body).json()["run"]["id"]
    url = f"/v1/runs/{run_id}/events"
    recording = until(
        lambda: client.record("GET", url, params={"follow": "false"}),
        lambda found: found.types,
    )
    client.http.post(f"/v1/runs/{run_id}/cancel")

    assert recording.complete
    assert recording.types[0] == "run_start"
    assert "run_complete" not in recording.types


def test_many_readers_see_the_same(client: Client):
    """Ten readers who join at different times get the same frames."""
    body = run(SLOW, background=True)
    run_id = client.http.post("/v1/runs", json=body).json()["run"]["id"]
    seen: list[list[object]] = []

    def read(delay: float) -> None:
        time.sleep(delay)
        frames = client.follow(run_id).frames
        seen.append([frame for frame in frames if frame.type != "ping"])

    threads = [threading.Thread(target=read, args=(0.03 * n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 10
    assert all(frames == seen[0] for frames in seen)


def test_a_run_survives_its_client(client: Client):
    """Leaving the stream leaves the run alone; another reader gets it whole."""
    with client.frames("POST", "/v1/runs:stream", json=run(SLOW)) as frames:
        run_id = next(frames).data.split('"run_id":"')[1].split('"')[0]

    recording = client.follow(run_id)

    assert recording.types[0] == "run_start"
    assert recording.types[-1] == "run_complete"
    assert recording.events[-1]["result"]["stop_reason"] == "end_turn"


def test_a_run_goes_with_its_client_when_asked_to(client: Client):
    """With `on_disconnect: cancel` leaving the stream cancels the run."""
    slow = {"turns": [{"text": "x" * 400, "chunk": 1, "delay_ms": 40}]}
    body = run(slow, run={"on_disconnect": "cancel"})
    with client.frames("POST", "/v1/runs:stream", json=body) as frames:
        run_id = next(frames).data.split('"run_id":"')[1].split('"')[0]

    recording = client.follow(run_id)

    assert recording.events[-1]["result"]["stop_reason"] == "cancelled"
    assert breaches("run", recording, body) == []


def test_the_script_can_cut_the_connection(client: Client):
    """`cut_after` breaks a run's connection off after those events, once each."""
    body = run({**SLOW, "cut_after": [3, 6]})
    first = client.stream_run(body)
    run_id = first.events[0]["run_id"]
    second = client.follow(run_id, after=3)
    third = client.follow(run_id, after=6)

    numbers = [
        [event["sequence_number"] for event in part.events]
        for part in (first, second, third)
    ]
    assert [part.complete for part in (first, second, third)] == [False, False, True]
    assert numbers[0] == [1, 2, 3]
    assert numbers[1] == [4, 5, 6]
    assert numbers[2] == list(range(7, third.events[-1]["sequence_number"] + 1))


def test_a_long_run_is_read_from_the_store(client: Client):
    """A late reader of a run longer than memory keeps gets every event."""
    body = run("long", background=True)
    run_id = client.http.post("/v1/runs", json=body).json()["run"]["id"]

    numbers = [event["sequence_number"] for event in client.follow(run_id).events]

    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 600


def test_pings_come_in_silence_only(client: Client):
    """A silent stream gets pings: without id, not first, not stored."""
    body = run({"turns": [{"tools": [fetch(700)]}, {"text": "Done."}]})
    recording = client.stream_run(body)
    run_id = recording.events[0]["run_id"]

    pings = [frame for frame in recording.frames if frame.type == "ping"]
    assert len(pings) >= 2
    assert recording.frames[0].type == "run_start"
    assert recording.frames[-1].type == "run_complete"
    assert breaches("run", recording, body) == []
    assert all(frame.type != "ping" for frame in client.follow(run_id).frames)


def fetch(milliseconds: int) -> dict[str, object]:
    url = f"https://slow.invalid/{milliseconds}"
    return {"name": "web_fetch", "input": {"url": url}}


def test_the_headers_keep_proxies_out_of_the_way(client: Client):
    """Event streams are not buffered and not cached."""
    recording = client.stream_run(run("text"))

    assert recording.headers["content-type"].startswith("text/event-stream")
    assert recording.headers["cache-control"] == "no-cache"
    assert recording.headers["x-accel-buffering"] == "no"


def test_a_slow_reader_does_not_hold_up_the_run(client: Client):
    """A reader that takes nothing leaves the run and the other readers alone."""
    body = message({"turns": [{"text": "y" * 4000, "repeat": 60, "chunk": 4000}]})
    request = {"request": body, "server_tools": []}
    with client.frames("POST", "/v1/runs:stream", json=request) as frames:
        run_id = next(frames).data.split('"run_id":"')[1].split('"')[0]
        other = client.follow(run_id)
        assert other.types[-1] == "run_complete"
        with httpx2.Client() as prober:
            assert prober.get(f"{client.gateway.url}/healthz").text == "ok"


def test_a_stalled_reader_is_let_go(tmp_path: Path, own_settings: dict[str, str]):
    """Who takes nothing for too long is cut off, with the stream's place freed."""
    settings = {**own_settings, "HEADGATE_GATEWAY_STALLED_READER": "0.5"}
    script = {"turns": [{"text": "y" * 4000, "repeat": 6000, "chunk": 40_000}]}
    with running_gateway(tmp_path, settings) as gateway:
        client = Client(gateway)
        body = message(script, stream=True)
        with client.frames("POST", "/v1/messages", json=body) as frames:
            next(frames)
            deadline = time.monotonic() + 20
            while client.open_streams() and time.monotonic() < deadline:
                time.sleep(0.1)
            left = client.open_streams()
        client.close()

    assert left == 0
