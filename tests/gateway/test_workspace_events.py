"""Events of a workspace: who gets which, from any point, live and later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from headgate.contract import Frame, StreamChecker
from tests.gateway.client import STREAMS, Client, breaches
from tests.gateway.test_workspaces import (
    app_of,
    decide,
    end,
    followed,
    opened,
    send,
    update,
)
from tests.gateway_process import running_gateway


@pytest.fixture
def app(client: Client) -> Client:
    """A key of the same project that may not manage workspaces."""
    return app_of(client)


def test_each_audience_gets_its_own_whole_stream(client: Client, app: Client):
    """Client and manager each get an order without a gap; drafts go to one of them."""
    workspace = opened(app, mode="shadow", initial_message="one")
    approval = send(app, workspace, "two")["approval_id"]
    decide(client, workspace, approval, decision="approved")
    send(app, workspace, "three")
    update(client, workspace, mode="takeover")
    send(client, workspace, "four", role="human")
    end(client, workspace)

    shown, managed = followed(app, workspace), followed(client, workspace)

    assert breaches("workspace", shown) == breaches("workspace", managed) == []
    assert not {kind for kind in shown.types if "draft" in kind}
    assert managed.types.count("workspace.draft.created") == 3
    assert managed.types.count("workspace.draft.resolved") == 3
    assert shown.types[-1] == managed.types[-1] == "workspace.ended"
    text = "".join(frame.data for frame in shown.frames)
    assert [m for m in ("one", "two", "three", "four") if m not in text] == []


def test_every_cursor_replays_the_rest_byte_for_byte(client: Client, app: Client):
    """A replay after N is exactly the stored frames after N, and nothing is 204."""
    workspace = opened(app, mode="shadow")
    send(app, workspace, "one")
    end(client, workspace)

    for reader in (client, app):
        whole = followed(reader, workspace).frames
        for after in range(len(whole)):
            assert followed(reader, workspace, after).frames == whole[after:]
        assert followed(reader, workspace, len(whole)).status == 204


def test_a_cursor_beyond_a_live_workspace_is_refused(client: Client, app: Client):
    """Each reader by its own numbers; at the newest event it waits for the next."""
    workspace = opened(client, mode="shadow", initial_message="one")
    url = f"/v1/workspaces/{workspace}/events"
    newest = {
        reader: len(followed(reader, workspace, follow="false").frames)
        for reader in (client, app)
    }
    manager_has, app_has = newest[client], newest[app]
    header = {"Last-Event-ID": str(manager_has)}
    refused = [
        client.http.get(url, params={"starting_after": manager_has + 1}),
        app.http.get(url, params={"starting_after": app_has + 1}),
        app.http.get(url, headers=header),
    ]
    errors = [answer.json()["error"] for answer in refused]

    assert manager_has > app_has
    assert [answer.status_code for answer in refused] == [400] * 3
    assert {error["code"] for error in errors} == {"invalid_starting_after"}
    for reader, after in newest.items():
        at_the_end = followed(reader, workspace, after, follow="false")
        assert (at_the_end.status, at_the_end.frames) == (200, [])
    end(client, workspace)
    assert followed(client, workspace, 1000).status == 204


def test_typing_is_shown_to_managers_and_not_kept(client: Client, app: Client):
    """A preview reaches managers who follow, without a number, and is gone then."""
    workspace = opened(app, client_id="typist")
    url = f"/v1/workspaces/{workspace}/events"
    checker = StreamChecker(STREAMS["workspace"])
    seen: list[str] = []
    with client.frames("GET", url) as frames:
        for frame in frames:
            checker.feed(frame)
            if frame.type == "ping":
                continue
            seen.append(frame.type)
            if len(seen) == 1:
                preview = {"text": "Hel"}
                answer = app.http.post(
                    f"/v1/workspaces/{workspace}/typing", json=preview
                )
                assert answer.status_code == 204
            if frame.type == "workspace.typing":
                assert (frame.id, '"text":"Hel"' in frame.data) == (None, True)
                end(client, workspace)
        broken = checker.finish()

    assert broken == []
    assert seen == ["workspace.snapshot", "workspace.typing", "workspace.ended"]
    assert "workspace.typing" not in followed(client, workspace).types


def test_typing_is_not_shown_to_clients(client: Client, app: Client):
    """W5: a client that follows sees no preview, though a manager has seen it."""
    workspace = opened(app)
    url = f"/v1/workspaces/{workspace}/events"
    with client.frames("GET", url) as managed, app.frames("GET", url) as shown:
        first = [next(managed).type, next(shown).type]
        preview = {"text": "Hel"}
        app.http.post(f"/v1/workspaces/{workspace}/typing", json=preview)
        seen = next(frame.type for frame in managed if frame.type != "ping")
        end(client, workspace)
        rest = [frame.type for frame in shown if frame.type != "ping"]

    assert first == ["workspace.snapshot"] * 2
    assert (seen, rest) == ("workspace.typing", ["workspace.ended"])


def test_both_spellings_of_the_cursor_say_the_same(client: Client):
    """`Last-Event-ID` and `starting_after` give the same stream, or are refused."""
    workspace = opened(client, initial_message="one")
    end(client, workspace)
    url = f"/v1/workspaces/{workspace}/events"
    by_header = client.record("GET", url, headers={"Last-Event-ID": "2"})
    both = {"params": {"starting_after": 1}, "headers": {"Last-Event-ID": "2"}}
    disagreeing = client.http.get(url, **both)

    assert by_header.frames == followed(client, workspace, 2).frames
    assert [frame.id for frame in by_header.frames] == ["3", "4"]
    assert disagreeing.status_code == 400
    assert disagreeing.json()["error"]["code"] == "invalid_starting_after"


def test_who_follows_hears_of_it_at_once(client: Client, app: Client):
    """A message that is sent while somebody follows comes through the open stream."""
    workspace = opened(app)
    url = f"/v1/workspaces/{workspace}/events"
    with app.frames("GET", url) as frames:
        first = next(frames)
        send(app, workspace, "Hello")
        heard = [next(frame for frame in frames if frame.type != "ping")]

    assert first.type == "workspace.snapshot"
    assert heard[0].type == "workspace.message.created"


def test_without_follow_the_stream_ends_with_what_there_is(client: Client):
    """`follow=false` gives the stored events of a live conversation and ends."""
    recording = followed(client, opened(client, initial_message="Hi"), follow="false")

    assert recording.complete
    assert recording.types == [
        "workspace.snapshot",
        "workspace.message.created",
        "workspace.message.created",
    ]


def test_a_deleted_workspace_ends_its_streams(client: Client):
    """Whoever follows learns that it is gone, or is cut off with the deleted key.

    Which of the two is seen first is chance; that the stream ends as if it were whole
    is neither.
    """
    project = client.new_project("to be deleted under a reader")
    other = client.with_key(client.new_key(project)["secret"])
    path = f"/v1/workspaces/{opened(other)}/events"
    with other.frames("GET", path) as frames:
        next(frames)
        url = f"/v1/admin/projects/{project}"
        assert client.admin.delete(url).status_code == 409
        client.admin.delete(url, params={"force": "true"})
        assert ending_of(frames) in ("cut", "not_found")

    assert other.http.get(path).status_code == 401


def ending_of(frames: Iterator[Frame]) -> str:
    """The code of the error with which a stream ends, or that it was cut."""
    try:
        *_, last = frames
    except httpx2.RemoteProtocolError:
        return "cut"
    return json.loads(last.data)["error"]["code"]


def test_old_events_are_forgotten(tmp_path: Path, own_settings: dict[str, str]):
    """After the time that events are kept, a cursor in an ended conversation is 410."""
    settings = {**own_settings, "HEADGATE_GATEWAY_EVENTS_RETENTION": "0"}
    with running_gateway(tmp_path, settings) as gateway:
        client = Client(gateway)
        workspace = opened(client)
        end(client, workspace)
        client.close()
    with running_gateway(tmp_path, settings) as gateway:
        client = Client(gateway)
        url = f"/v1/workspaces/{workspace}/events"
        answer = client.http.get(url)
        while answer.status_code == 200:
            answer = client.http.get(url)
        client.close()

    assert answer.status_code == 410
