"""Workspaces: who answers, who sees what, and what the events tell of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.client import Client, Recording

UNKNOWN = "ws_01JD2M5R9V3K7W8X4Y6Z0A1B2C"


def app_of(client: Client) -> Client:
    """A key of the same project that may not manage workspaces."""
    oldest = {"order": "asc", "limit": 1}
    [project] = client.admin.get("/v1/admin/projects", params=oldest).json()["data"]
    return client.with_key(client.new_key(project["id"])["secret"])


@pytest.fixture
def app(client: Client) -> Client:
    """A key of the same project that may not manage workspaces."""
    return app_of(client)


def created(client: Client, **body: object) -> dict[str, Any]:
    """A new workspace and what was said in it."""
    answer = client.http.post("/v1/workspaces", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def opened(client: Client, **body: object) -> str:
    """The id of a new workspace."""
    return created(client, **body)["workspace"]["id"]


def send(client: Client, workspace: str, content: str, **body: object) -> Any:
    """What became of a message."""
    answer = client.http.post(
        f"/v1/workspaces/{workspace}/messages", json={"content": content, **body}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def decide(client: Client, workspace: str, approval: str, **body: object) -> Any:
    """The answer to a decision."""
    url = f"/v1/workspaces/{workspace}/drafts/{approval}/decision"
    return client.http.post(url, json=body)


def update(client: Client, workspace: str, **body: object) -> Any:
    """The answer to a change."""
    return client.http.patch(f"/v1/workspaces/{workspace}", json=body)


def end(client: Client, workspace: str, **body: object) -> Any:
    """The answer to the end."""
    return client.http.post(f"/v1/workspaces/{workspace}/end", json=body)


def said(client: Client, workspace: str, **params: object) -> list[tuple[str, str]]:
    """Who said what."""
    url = f"/v1/workspaces/{workspace}/messages"
    page = client.http.get(url, params=params).json()
    return [(message["role"], message["content"]) for message in page["data"]]


def followed(
    client: Client, workspace: str, after: int = 0, **params: object
) -> Recording:
    """A workspace's events after a number."""
    params = {"starting_after": after, **params}
    return client.record("GET", f"/v1/workspaces/{workspace}/events", params=params)


def test_the_model_answers_the_first_message(client: Client):
    """A workspace begins with what the client says and what the model says to it."""
    made = created(
        client,
        client_id="c-1",
        initial_message="Good day",
        system_prompt="Be kind.",
        context={"plan": "premium"},
        metadata={"ticket": 7},
    )

    workspace, messages = made["workspace"], made["messages"]
    assert [(m["role"], m["content"]) for m in messages] == [
        ("user", "Good day"),
        ("ai", "Good day"),
    ]
    assert (workspace["mode"], workspace["status"]) == ("ai", "active")
    assert workspace["metadata"] == {"ticket": 7}
    assert workspace["context"] == {"plan": "premium"}
    assert (made["pending_approval"], made["approval_id"]) == (False, None)
    url = f"/v1/workspaces/{workspace['id']}"
    assert client.http.get(url).json() == workspace


def test_people_answer_the_first_message(client: Client):
    """In mode takeover a workspace begins with what the client says, and no more."""
    silent = {"script": {"faults": {"http": {"status": 500}}, "turns": []}}
    made = created(
        client,
        mode="takeover",
        initial_message="Good day",
        model="mock/script",
        metadata=silent,
    )

    assert [(m["role"], m["content"]) for m in made["messages"]] == [
        ("user", "Good day")
    ]
    assert (made["pending_approval"], made["approval_id"]) == (False, None)
    assert said(client, made["workspace"]["id"]) == [("user", "Good day")]


def test_the_first_answer_may_be_a_draft(client: Client, app: Client):
    """In mode shadow it waits; only whoever may decide is shown it."""
    body = {"mode": "shadow", "initial_message": "Good day"}
    shown, managed = created(app, **body), created(client, **body)
    [question], [_, draft] = shown["messages"], managed["messages"]
    decided = decide(
        client, shown["workspace"]["id"], shown["approval_id"], decision="approved"
    )

    assert (question["role"], question["content"]) == ("user", "Good day")
    assert (draft["role"], draft["content"]) == ("ai", "Good day")
    assert (draft["status"], draft["approval_id"]) == ("draft", managed["approval_id"])
    assert shown["pending_approval"] is managed["pending_approval"] is True
    assert (decided.status_code, decided.json()["content"]) == (200, "Good day")


def test_a_message_is_answered_at_once(client: Client):
    """In mode ai the answer comes with the message, and both are kept in order."""
    workspace = opened(client)
    first, second = send(client, workspace, "one"), send(client, workspace, "two")

    assert first["user_message"]["content"] == "one"
    assert [m["content"] for m in second["responses"]] == ["two"]
    assert (second["mode"], second["pending_approval"]) == ("ai", False)
    assert said(client, workspace) == [
        ("user", "one"),
        ("ai", "one"),
        ("user", "two"),
        ("ai", "two"),
    ]
    assert said(client, workspace, order="desc", limit=1) == [("ai", "two")]


def test_a_draft_waits_for_a_person(client: Client, app: Client):
    """In mode shadow the client sees the answer only after somebody agreed to it."""
    workspace = opened(app, mode="shadow")
    result = send(app, workspace, "Hello?")
    before = said(app, workspace)

    decided = decide(
        client, workspace, result["approval_id"], decision="approved", reason="fine"
    )

    assert (result["responses"], result["pending_approval"]) == ([], True)
    assert before == [("user", "Hello?")]
    assert decided.status_code == 200
    assert (decided.json()["status"], decided.json()["content"]) == ("sent", "Hello?")
    assert said(app, workspace) == [("user", "Hello?"), ("ai", "Hello?")]


def test_a_manager_sees_the_draft(client: Client):
    """Whoever may decide sees what there is to decide about."""
    workspace = opened(client, mode="shadow")

    result = send(client, workspace, "Hello?")

    [draft] = result["responses"]
    assert (draft["status"], draft["content"]) == ("draft", "Hello?")
    assert draft["approval_id"] == result["approval_id"]
    assert said(client, workspace, include_drafts="true")[-1] == ("ai", "Hello?")


def test_an_edited_draft_is_sent_as_edited(client: Client, app: Client):
    """The client reads the edited text, and the events say that it was edited."""
    workspace = opened(app, mode="shadow")
    approval = send(app, workspace, "Hello?")["approval_id"]

    decide(client, workspace, approval, decision="approved", edited_content="Good day!")

    assert said(app, workspace)[-1] == ("ai", "Good day!")
    end(client, workspace)
    [resolved] = followed(client, workspace).of("workspace.draft.resolved")
    assert resolved["decision"] == "edited"


def test_drafts_wait_among_all_approvals(client: Client, app: Client):
    """The operator finds them there, and decides as a manager does; others cannot."""
    workspace = opened(app, mode="shadow")
    sent, withdrawn = [
        send(app, workspace, text)["approval_id"] for text in ("Hello?", "Still there?")
    ]
    url = f"/v1/admin/approvals/{sent}/decision"
    kind = {"kind": "workspace_draft", "status": "pending"}
    listed = client.admin.get("/v1/admin/approvals", params=kind).json()["data"]
    decision = {
        "decision": "approved",
        "edited_content": "Good day!",
        "reason": "Politer.",
        "reviewed_by": "Ada",
    }
    decided = client.admin.post(url, json=decision).json()
    again = client.admin.post(url, json=decision)
    end(client, workspace)
    late = client.admin.post(
        f"/v1/admin/approvals/{withdrawn}/decision", json={"decision": "approved"}
    )
    found = {approval["id"]: approval for approval in listed}

    assert found[sent]["draft"]["workspace_id"] == workspace
    assert (found[sent]["draft"]["content"], found[sent]["expires_at"]) == (
        "Hello?",
        None,
    )
    assert (decided["status"], decided["reason"]) == ("approved", "Politer.")
    assert decided["reviewed_by"] == "Ada"
    assert ("ai", "Good day!") in said(app, workspace)
    assert again.json()["error"]["code"] == "already_decided"
    assert late.json()["error"]["code"] == "already_decided"
    assert app.http.get(f"/v1/approvals/{sent}").status_code == 404


def test_a_rejected_draft_is_never_seen(client: Client, app: Client):
    """Nothing reaches the client, and it stays rejected."""
    workspace = opened(app, mode="shadow")
    approval = send(app, workspace, "Hello?")["approval_id"]

    rejected = decide(client, workspace, approval, decision="rejected")
    again = decide(client, workspace, approval, decision="approved")

    assert rejected.json()["status"] == "rejected"
    assert (again.status_code, again.json()["error"]["code"]) == (
        409,
        "already_decided",
    )
    assert said(app, workspace) == [("user", "Hello?")]


def test_people_take_over(client: Client, app: Client):
    """In mode takeover no model is asked, and a person's words reach the client."""
    workspace = opened(app, metadata={"script": {"turns": []}}, model="mock/script")
    assert update(client, workspace, mode="takeover").json()["mode"] == "takeover"

    result = send(app, workspace, "Is anybody there?")
    send(client, workspace, "I am.", role="human")
    end(client, workspace)

    assert (result["responses"], result["mode"]) == ([], "takeover")
    assert said(app, workspace) == [
        ("user", "Is anybody there?"),
        ("human", "I am."),
    ]
    told = followed(app, workspace).of("workspace.message.created")
    assert [event["message"]["role"] for event in told] == ["user", "human"]


def test_taking_over_withdraws_drafts(client: Client, app: Client):
    """A draft that waits when people take over is not sent any more."""
    workspace = opened(app, mode="shadow")
    approval = send(app, workspace, "Hello?")["approval_id"]
    update(client, workspace, mode="takeover")

    late = decide(client, workspace, approval, decision="approved")

    assert late.status_code == 409
    assert late.json()["error"]["code"] == "already_decided"
    assert said(app, workspace) == [("user", "Hello?")]


def test_a_failing_model_leaves_nothing_behind(client: Client):
    """Neither the workspace nor the message exists when the model fails."""
    failing = {
        "script": {"faults": {"http": {"status": 500}}, "turns": [{"text": "x"}]}
    }
    before = client.http.get("/v1/workspaces").json()["data"]
    refused = client.http.post(
        "/v1/workspaces",
        json={
            "initial_message": "Hi",
            "model": "mock/script",
            "metadata": failing,
        },
    )
    workspace = opened(client, model="mock/script", metadata=failing)
    url = f"/v1/workspaces/{workspace}/messages"
    unanswered = client.http.post(url, json={"content": "Hi"})

    assert (refused.status_code, unanswered.status_code) == (502, 502)
    assert said(client, workspace) == []
    after = client.http.get("/v1/workspaces").json()["data"]
    assert [row["id"] for row in after[1:]] == [row["id"] for row in before][:19]


def test_a_client_goes_on_where_it_was(client: Client):
    """The newest active workspace of a client is found by its id, else the newest."""
    name = "client.of+two@example.org"
    url = f"/v1/workspaces/by-client/{name}"
    never = client.http.get(url).json()
    first = opened(client, client_id=name, initial_message="first")
    second = opened(client, client_id=name)
    newest = client.http.get(url).json()
    end(client, second)
    active = client.http.get(url).json()
    end(client, first)

    assert never == {"exists": False, "workspace": None, "messages": []}
    assert newest["workspace"]["id"] == second
    assert active["workspace"]["id"] == first
    assert [m["content"] for m in active["messages"]] == ["first", "first"]
    assert client.http.get(url).json()["workspace"]["id"] == second


def test_a_client_does_not_find_drafts(client: Client):
    """They are left out where it goes on, also for those who may see them."""
    name = "client-with-a-draft"
    opened(client, client_id=name, mode="shadow", initial_message="Hello?")

    found = client.http.get(f"/v1/workspaces/by-client/{name}")

    assert (found.status_code, found.json()["exists"]) == (200, True)
    assert [m["role"] for m in found.json()["messages"]] == ["user"]


def test_lists_are_filtered(client: Client):
    """By status, mode and client, and by all of them at once."""
    project = client.new_project("lists of workspaces")
    key = client.new_key(project, scopes=["workspaces:manage"])
    mine = client.with_key(key["secret"])
    ada = opened(mine, client_id="ada")
    reviewed = opened(mine, client_id="ada", mode="shadow")
    over = opened(mine, client_id="bob")
    end(mine, over)

    def listed(**params: str) -> list[str]:
        page = mine.http.get("/v1/workspaces", params=params).json()
        return [workspace["id"] for workspace in page["data"]]

    assert listed() == [over, reviewed, ada]
    assert listed(status="ended") == [over]
    assert listed(status="active") == [reviewed, ada]
    assert listed(mode="shadow") == [reviewed]
    assert listed(client_id="ada") == [reviewed, ada]
    assert listed(client_id="ada", mode="ai", status="active") == [ada]
    assert listed(client_id="nobody") == []


def test_an_ended_conversation_is_over(client: Client):
    """Nothing is said any more; ending again changes nothing."""
    workspace = opened(client)
    ended = end(client, workspace, reason="done").json()

    url = f"/v1/workspaces/{workspace}"
    refused = [
        client.http.post(f"{url}/messages", json={"content": "still there?"}),
        client.http.post(f"{url}/typing", json={"text": "st"}),
        client.http.patch(url, json={"mode": "shadow"}),
    ]
    assert ended["status"] == "ended"
    assert end(client, workspace).json() == ended
    assert {answer.status_code for answer in refused} == {409}
    assert {a.json()["error"]["code"] for a in refused} == {"workspace_ended"}


def test_a_prompt_has_one_bound(client: Client):
    """A change takes no longer system prompt than the creation does."""
    workspace = opened(client, system_prompt="x" * 100_000)
    longest = update(client, workspace, system_prompt="y" * 100_000)
    refused = [
        client.http.post("/v1/workspaces", json={"system_prompt": "x" * 100_001}),
        update(client, workspace, system_prompt="x" * 100_001),
    ]

    assert longest.status_code == 200
    assert [answer.status_code for answer in refused] == [400, 400]
    assert [a.json()["error"]["param"] for a in refused] == ["system_prompt"] * 2
    assert update(client, workspace, system_prompt=None).status_code == 200


def test_only_managers_manage(client: Client, app: Client):
    """What needs the scope is refused without it, and its name is told."""
    workspace = opened(app, mode="shadow")
    approval = send(app, workspace, "Hello?")["approval_id"]
    url = f"/v1/workspaces/{workspace}/messages"
    refused = [
        update(app, workspace, mode="ai"),
        decide(app, workspace, approval, decision="approved"),
        app.http.post(url, json={"content": "Hi", "role": "human"}),
        app.http.get(url, params={"include_drafts": "true"}),
    ]

    assert {answer.status_code for answer in refused} == {403}
    assert {a.json()["error"]["details"]["scope"] for a in refused} == {
        "workspaces:manage"
    }
    assert update(client, workspace, mode="ai").status_code == 200


def test_the_same_key_sends_once(client: Client):
    """A repeated request with an Idempotency-Key says nothing twice."""
    workspace = opened(client)
    url = f"/v1/workspaces/{workspace}/messages"
    headers = {"Idempotency-Key": "only-once"}
    answers = [
        client.http.post(url, json={"content": "Hi"}, headers=headers) for _ in "ab"
    ]

    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert len(said(client, workspace)) == 2


def asked(client: Client, workspace: str) -> Iterator[tuple[int, str]]:
    """Everything one can ask about a workspace, with request ids blanked."""
    url = f"/v1/workspaces/{workspace}"
    approval = "appr_01JD2M5R9V3K7W8X4Y6Z0A1B2C"
    answers = [
        client.http.get(url),
        client.http.patch(url, json={"mode": "ai"}),
        client.http.get(f"{url}/messages"),
        client.http.post(f"{url}/messages", json={"content": "Hi"}),
        client.http.post(f"{url}/typing", json={"text": "Hi"}),
        client.http.post(f"{url}/end"),
        client.http.get(f"{url}/events"),
        decide(client, workspace, approval, decision="approved"),
    ]
    for answer in answers:
        yield answer.status_code, re.sub(r"req_\w{26}", "req", answer.text)


def test_a_foreign_workspace_is_as_unknown_as_none(client: Client):
    """Another project's manager gets byte for byte the answers to an unknown id."""
    workspace = opened(client, client_id="mine", initial_message="Hi")
    project = client.new_project("a neighbour of workspaces")
    other = client.with_key(
        client.new_key(project, scopes=["workspaces:manage"])["secret"]
    )

    answers = list(asked(other, workspace))

    assert answers == list(asked(other, UNKNOWN))
    assert {status for status, _ in answers} == {404}
    url = "/v1/workspaces/by-client/mine"
    assert other.http.get(url).json()["exists"] is False
    assert other.http.get("/v1/workspaces").json()["data"] == []
