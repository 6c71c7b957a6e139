"""Reading a workspace's events from any point on, while things happen in it."""

import asyncio
from collections.abc import AsyncGenerator
from weakref import WeakValueDictionary

import sqlalchemy as sa

from headgate_gateway.clock import now_ms, rfc3339
from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject, dumps
from headgate_gateway.store.workspaces import WorkspaceStore, no_such_workspace

_BATCH = 64
_POLL = 0.25
"""How often a workspace is looked at that other processes may change, in seconds."""
_POLL_ALONE = 1.0
"""How often one is that no other changes; it may be deleted with its project."""


class _Signal:
    """Wakes everybody here who follows one workspace."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class WorkspaceFollowers:
    """Gives readers of one audience the same events. A reader holds a number."""

    def __init__(self, store: WorkspaceStore) -> None:
        self._store = store
        self._signals: WeakValueDictionary[str, _Signal] = WeakValueDictionary()

    def wake(self, workspace_id: str) -> None:
        """Let those who follow the workspace look again."""
        signal = self._signals.get(workspace_id)
        if signal is not None:
            signal.wake()

    async def follow(
        self, workspace: sa.RowMapping, *, after: int, manager: bool, wait: bool
    ) -> AsyncGenerator[bytes, None]:
        """The frames after number ``after``, to the end of the conversation.

        Without ``wait`` it ends with the newest stored event. Where the events that
        follow are no longer kept, an error is the end.
        """
        workspace_id: str = workspace["id"]
        signal = self._signals.setdefault(workspace_id, _Signal())
        position, typed = after, workspace["typing_count"]
        while True:
            changed = signal.changed
            events = await self._store.events(
                workspace_id, after=position, manager=manager, limit=_BATCH
            )
            if events:
                yield b"".join(_frame(event, manager=manager) for event in events)
                position = events[-1]["number"]
                if events[-1]["type"] == "workspace.ended":
                    return
                continue
            row = await self._store.get(workspace_id)
            if row is None:
                yield _error_frame(no_such_workspace(), workspace_id, position + 1)
                return
            over = position >= end_of(row, manager=manager)
            if row["trimmed"] and not over:
                yield _error_frame(expired(), workspace_id, position + 1)
                return
            if over or not wait:
                return
            if manager and row["typing_count"] != typed:
                typed = row["typing_count"]
                yield _typing_frame(row)
            await self._wait(changed)

    async def _wait(self, changed: asyncio.Event) -> None:
        """Return when something happened, or may have happened elsewhere."""
        poll = _POLL if self._store.shared else _POLL_ALONE
        try:
            async with asyncio.timeout(poll):
                await changed.wait()
        except TimeoutError:
            return


def end_of(row: sa.RowMapping, *, manager: bool) -> float:
    """The number of an audience's last event, if the conversation is over."""
    if row["status"] != "ended":
        return float("inf")
    return newest_of(row, manager=manager)


def newest_of(row: sa.RowMapping, *, manager: bool) -> int:
    """The number of an audience's newest event."""
    newest: int = row["last_sequence" if manager else "last_client_sequence"]
    return newest


def expired() -> GatewayError:
    """The answer to a reader whose next event is no longer kept."""
    return GatewayError(
        "events_expired", "The events after this cursor are no longer kept."
    )


def _frame(event: sa.RowMapping, *, manager: bool) -> bytes:
    payload: JsonObject = event["payload"]
    if event["type"] == "workspace.snapshot":
        payload = {**payload, "audience": "manager" if manager else "client"}
    return _numbered(
        event["type"],
        event["workspace_id"],
        event["number"],
        created_at=event["created_at"],
        payload=payload,
    )


def _error_frame(error: GatewayError, workspace_id: str, number: int) -> bytes:
    return _numbered(
        "error",
        workspace_id,
        number,
        created_at=now_ms(),
        payload={"error": error.as_object("none")},
    )


def _numbered(
    kind: str, workspace_id: str, number: int, *, created_at: int, payload: JsonObject
) -> bytes:
    data = {
        "type": kind,
        "workspace_id": workspace_id,
        "sequence_number": number,
        "created_at": rfc3339(created_at),
        **payload,
    }
    return b"event: %b\nid: %d\ndata: %b\n\n" % (kind.encode(), number, dumps(data))


def _typing_frame(row: sa.RowMapping) -> bytes:
    data = {
        "type": "workspace.typing",
        "workspace_id": row["id"],
        "client_id": row["client_id"],
        "text": row["typing"] or "",
    }
    return b"event: workspace.typing\ndata: %b\n\n" % dumps(data)
