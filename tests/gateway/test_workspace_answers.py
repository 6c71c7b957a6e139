"""What a model is asked in a workspace: prompt, context and turns."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from headgate_gateway.workspaces.answering import HISTORY, turns_of
from tests.gateway.client import Client
from tests.gateway.provider_streams import OPENAI_CHAT
from tests.gateway.test_workspaces import opened, send
from tests.gateway.upstreams import Upstream, running_upstream
from tests.gateway_process import running_gateway


@contextmanager
def told(folder: Path, settings: dict[str, str]) -> Iterator[tuple[Client, Upstream]]:
    """A gateway whose workspaces ask a provider that notes what it is told."""
    with running_upstream() as upstream:
        upstream.streams(OPENAI_CHAT)
        settings = {
            **settings,
            "HEADGATE_GATEWAY_PROVIDER_URLS": f"openai={upstream.url}",
            "HEADGATE_GATEWAY_PROVIDER_KEYS": "openai=sk-theirs",
            "HEADGATE_GATEWAY_DEFAULT_MODEL": "openai/some-model",
        }
        with running_gateway(folder, settings) as gateway:
            client = Client(gateway)
            yield client, upstream
            client.close()


def test_the_model_is_told_prompt_and_context(
    tmp_path: Path, own_settings: dict[str, str]
):
    """The provider gets the prompt, the context below it, and the conversation."""
    with told(tmp_path, own_settings) as (client, upstream):
        workspace = opened(
            client,
            initial_message="Hi",
            system_prompt="Be kind.",
            context={"plan": "premium", "seats": 3},
        )
        send(client, workspace, "I am here", role="human")
        send(client, workspace, "Good")

    assert upstream.asked[-1].body["messages"] == [
        {
            "role": "system",
            "content": "Be kind.\n\nContext:\n- plan: premium\n- seats: 3",
        },
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Looking.\n\nI am here"},
        {"role": "user", "content": "Good"},
    ]


@pytest.mark.parametrize(
    ("said", "turns"),
    [
        ("", ""),
        ("u:a", "user:a"),
        ("h:hello|u:a", "user:a"),
        ("a:old|h:older|u:a|a:b|u:c", "user:a|assistant:b|user:c"),
        ("u:a|u:b|u:c", "user:a\n\nb\n\nc"),
        ("u:a|a:b|h:c|s:d|u:e", "user:a|assistant:b\n\nc\n\nd|user:e"),
    ],
)
def test_turns_begin_with_the_user_and_alternate(said: str, turns: str):
    """Providers refuse others: what comes before is left out, neighbours are joined."""
    roles = {"u": "user", "a": "ai", "h": "human", "s": "system"}
    messages = [
        {"role": roles[text[0]], "content": text[2:]}
        for text in said.split("|")
        if text
    ]
    before = copy.deepcopy(messages)

    made = turns_of(messages)

    assert "|".join(f"{each['role']}:{each['content']}" for each in made) == turns
    assert messages == before


def test_a_long_conversation_is_shown_from_a_message_of_the_user(
    tmp_path: Path, own_settings: dict[str, str]
):
    """What is too old to be shown ends before the user speaks, also among drafts."""
    with told(tmp_path, own_settings) as (client, upstream):
        long, reviewed = opened(client), opened(client, mode="shadow")
        for turn in range(HISTORY // 2 + 3):
            send(client, long, f"m{turn}")
        of_long = upstream.asked[-1].body["messages"]
        for text in ("one", "two", "three"):
            send(client, reviewed, text)

    assert {each["role"] for each in of_long[::2]} == {"user"}
    assert {each["role"] for each in of_long[1::2]} == {"assistant"}
    assert len(of_long) == HISTORY
    assert upstream.asked[-1].body["messages"] == [
        {"role": "user", "content": "one\n\ntwo\n\nthree"}
    ]
