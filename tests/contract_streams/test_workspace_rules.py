"""Each rule of the workspace stream is broken alone, and named."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.contract import invariants
from headgate.contract.invariants import Recording
from tests.contract_streams.recordings import (
    FAILURE,
    SPECIFIED,
    Event,
    frames,
    numbered,
    violations,
)

STREAM = SPECIFIED["workspace"]
NOW = "2026-11-21T10:00:00Z"


def event(kind: str, **fields: Any) -> Event:
    """An event that is numbered later."""
    return {
        "type": kind,
        "workspace_id": "ws_1",
        "sequence_number": 0,
        "created_at": NOW,
        **fields,
    }


def begun(mode: str = "shadow", *, audience: str = "manager") -> Event:
    workspace: Event = {
        "id": "ws_1",
        "object": "workspace",
        "mode": mode,
        "status": "active",
        "client_id": "client",
        "model": "mock/echo",
        "system_prompt": None,
        "context": {},
        "metadata": {},
        "created_at": NOW,
        "updated_at": NOW,
        "ended_at": None,
    }
    return event("workspace.snapshot", workspace=workspace, audience=audience)


def message(
    role: str = "ai", *, approval: str | None = None, status: str = "sent"
) -> Event:
    return {
        "id": "wmsg_1",
        "object": "workspace.message",
        "workspace_id": "ws_1",
        "role": role,
        "content": "Hello.",
        "status": status,
        "approval_id": approval,
        "created_at": NOW,
    }


def said(role: str = "ai", *, approval: str | None = None) -> Event:
    told = message(role, approval=approval)
    return event("workspace.message.created", message=told)


def drafted(approval: str = "appr_1") -> Event:
    draft = message(approval=approval, status="draft")
    return event("workspace.draft.created", draft=draft, approval_id=approval)


def resolved(decision: str = "rejected", approval: str = "appr_1") -> Event:
    sent = decision in ("approved", "edited")
    return event(
        "workspace.draft.resolved",
        approval_id=approval,
        decision=decision,
        message_id="wmsg_1" if sent else None,
        reason=None,
    )


def turned(previous: str, mode: str) -> Event:
    return event("workspace.mode.changed", previous_mode=previous, mode=mode)


ENDED = event("workspace.ended", reason=None)
ERROR = event("error", error=FAILURE)
SENT = [drafted(), said(approval="appr_1"), resolved("approved")]
TYPING = {
    "type": "workspace.typing",
    "workspace_id": "ws_1",
    "client_id": "client",
    "text": "Hel",
}

GOOD: dict[str, list[Event]] = {
    "a client's": [begun(audience="client"), said("user"), said(), ENDED],
    "a draft that is sent": [begun(), said("user"), *SENT, ENDED],
    "a draft that is not": [begun(), drafted(), resolved(), ENDED],
    "taken over": [begun("ai"), turned("ai", "takeover"), said("human"), ENDED],
    "typing": [begun(), TYPING, said("user"), ENDED],
    "failed": [begun(), drafted(), ERROR],
}
BROKEN: dict[str, tuple[str, list[Event]]] = {
    "no snapshot": ("W1", [said("user"), ENDED]),
    "two snapshots": ("W1", [begun(), begun(), ENDED]),
    "another workspace": (
        "W1",
        [begun(), {**said("user"), "workspace_id": "ws_2"}, ENDED],
    ),
    "drafted twice": ("W2", [begun(), drafted(), drafted(), resolved(), ENDED]),
    "decided twice": ("W2", [begun(), drafted(), resolved(), resolved(), ENDED]),
    "decided unasked": ("W2", [begun(), resolved(), ENDED]),
    "approved and not sent": ("W2", [begun(), drafted(), resolved("approved"), ENDED]),
    "ended undecided": ("W2", [begun(), drafted(), ENDED]),
    "the model while people answer": ("W3", [begun("takeover"), said(), ENDED]),
    "a draft in another mode": ("W3", [begun("ai"), drafted(), resolved(), ENDED]),
    "a change from another mode": (
        "W3",
        [begun("ai"), turned("shadow", "takeover"), ENDED],
    ),
    "no end": ("W4", [begun(), said("user")]),
    "two ends": ("W4", [begun(), ENDED, ENDED]),
    "a draft shown to the client": (
        "W5",
        [begun(audience="client"), drafted(), ERROR],
    ),
    "a message that is a draft": (
        "W5",
        [
            begun(),
            event("workspace.message.created", message=message(status="draft")),
            ENDED,
        ],
    ),
}


@pytest.mark.parametrize("events", GOOD.values(), ids=GOOD)
def test_a_good_workspace_breaks_nothing(events: list[Event]) -> None:
    """What keeps the rules is not complained about."""
    assert violations(STREAM, numbered(events)) == []


@pytest.mark.parametrize(("rule", "events"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_named(rule: str, events: list[Event]) -> None:
    """The stream breaks one rule and the checker names that one."""
    actual = violations(STREAM, numbered(events))

    assert {violation.rule for violation in actual} == {rule}


def test_a_gap_is_named() -> None:
    """W1: each audience's events are numbered without one."""
    first, *rest = numbered(GOOD["a client's"])
    actual = violations(STREAM, [first, *rest[1:]])

    assert {violation.rule for violation in actual} == {"W1"}


def test_another_replay_is_named() -> None:
    """W6: a resumed stream repeats what is stored byte for byte."""
    whole = tuple(frames(STREAM, numbered(GOOD["a draft that is sent"])))
    other = tuple(frames(STREAM, numbered([begun(), said("human"), *SENT, ENDED])))
    first = Recording(STREAM, whole)

    actual = [
        invariants.replay_identical(first, Recording(STREAM, replay[1:]), after=1)
        for replay in (whole, other)
    ]

    assert [[violation.rule for violation in found] for found in actual] == [
        [],
        ["W6"],
    ]


def test_every_rule_is_broken_somewhere() -> None:
    """No rule of the declaration is without a stream that breaks it."""
    listed = set(STREAM.declaration.rules)

    assert listed == {rule for rule, _ in BROKEN.values()} | {"W6"}
