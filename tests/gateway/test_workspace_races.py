"""Workspaces that several change at once: each thing is decided by one of them."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.client import Client, breaches, until
from tests.gateway.conftest import store_settings
from tests.gateway.provider_streams import OPENAI_CHAT
from tests.gateway.rest_upstream import RestUpstream, running_rest_upstream
from tests.gateway.test_workspaces import (
    decide,
    end,
    followed,
    opened,
    said,
    send,
    update,
)
from tests.gateway_process import running_gateway

MANY = 8
ANSWER = b"".join(
    f"data: {each if isinstance(each, str) else json.dumps(each)}\n\n".encode()
    for each in OPENAI_CHAT
)


@dataclass
class Bench:
    """A gateway whose model answers when it is let."""

    client: Client
    upstream: RestUpstream

    def asked(self, workspace: str) -> tuple[threading.Event, Any]:
        """A message whose answer is held back, and what will become of it."""
        held = threading.Event()
        self.upstream.pieces = [held, ANSWER]
        self.upstream.asked.clear()
        pool = ThreadPoolExecutor(1)
        url = f"/v1/workspaces/{workspace}/messages"
        answer = pool.submit(self.client.http.post, url, json={"content": "Hi"})
        pool.shutdown(wait=False)
        until(lambda: self.upstream.asked, bool)
        return held, answer


@pytest.fixture(scope="module")
def bench(store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder: Path = tmp_path_factory.mktemp("races")
    with running_rest_upstream() as upstream:
        upstream.answers(200, Content_Type="text/event-stream")
        settings = {
            **store_settings(store),
            "HEADGATE_GATEWAY_PROVIDER_URLS": f"openai={upstream.url}",
            "HEADGATE_GATEWAY_PROVIDER_KEYS": "openai=sk-theirs",
        }
        with running_gateway(folder, settings) as gateway:
            client = Client(gateway)
            yield Bench(client, upstream)
            client.close()


def test_a_draft_is_decided_once(client: Client):
    """Of many who decide at once one is heard, and the others are told so."""
    workspace = opened(client, mode="shadow")
    approval = send(client, workspace, "Hello?")["approval_id"]
    verdicts = ["approved", "rejected"] * (MANY // 2)
    with ThreadPoolExecutor(MANY) as pool:
        answers = list(
            pool.map(
                lambda verdict: decide(client, workspace, approval, decision=verdict),
                verdicts,
            )
        )
    end(client, workspace)
    whole = followed(client, workspace)
    codes = Counter(answer.json().get("error", {}).get("code") for answer in answers)
    [won] = [answer.json() for answer in answers if answer.status_code == 200]

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: MANY - 1}
    assert codes == {None: 1, "already_decided": MANY - 1}
    assert len(whole.of("workspace.draft.resolved")) == 1
    assert ("ai", "Hello?") in said(client, workspace) or won["status"] == "rejected"
    assert breaches("workspace", whole) == []


def test_messages_at_once_are_all_answered(client: Client):
    """Each message is followed by its own answer, and the numbers have no gap."""
    workspace = opened(client)
    texts = [f"m{number}" for number in range(MANY)]
    with ThreadPoolExecutor(MANY) as pool:
        list(pool.map(lambda text: send(client, workspace, text), texts))
    end(client, workspace)
    spoken = said(client, workspace)
    whole = followed(client, workspace)

    assert sorted(text for role, text in spoken if role == "user") == texts
    assert [role for role, _ in spoken] == ["user", "ai"] * MANY
    assert [text for _, text in spoken[::2]] == [text for _, text in spoken[1::2]]
    assert breaches("workspace", whole) == []


@pytest.mark.parametrize("mode", ["ai", "shadow"])
def test_people_take_over_while_the_model_answers(bench: Bench, mode: str):
    """What the model says then is said to nobody; the message stays."""
    workspace = opened(bench.client, model="openai/gpt-4o", mode=mode)
    held, answer = bench.asked(workspace)
    taken = update(bench.client, workspace, mode="takeover")
    held.set()
    result = answer.result().json()
    end(bench.client, workspace)
    whole = followed(bench.client, workspace)

    assert taken.status_code == 200
    assert (result["responses"], result["mode"]) == ([], "takeover")
    assert (result["pending_approval"], result["approval_id"]) == (False, None)
    assert said(bench.client, workspace, include_drafts="true") == [("user", "Hi")]
    assert breaches("workspace", whole) == []


def test_people_begin_to_look_while_the_model_answers(bench: Bench):
    """The answer is a draft then, as the mode has it by the time it is there."""
    workspace = opened(bench.client, model="openai/gpt-4o")
    held, answer = bench.asked(workspace)
    update(bench.client, workspace, mode="shadow")
    held.set()
    result = answer.result().json()

    assert (result["mode"], result["pending_approval"]) == ("shadow", True)
    assert said(bench.client, workspace) == [("user", "Hi")]
    assert result["responses"][0]["status"] == "draft"


def test_a_conversation_ends_while_the_model_answers(bench: Bench):
    """The message is refused, and neither it nor the answer is kept."""
    workspace = opened(bench.client, model="openai/gpt-4o")
    held, answer = bench.asked(workspace)
    end(bench.client, workspace)
    held.set()
    refused = answer.result()

    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "workspace_ended"
    assert said(bench.client, workspace) == []
