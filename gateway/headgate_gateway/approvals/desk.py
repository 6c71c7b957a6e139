"""Puts requests aside, waits for people, and performs what they agree to."""

import asyncio
import hashlib
import time
from collections.abc import Mapping
from typing import Any
from weakref import WeakValueDictionary

import sqlalchemy as sa
import structlog
from starlette.types import ASGIApp

from headgate_gateway.approvals.request import PutAside, make
from headgate_gateway.clock import now_ms
from headgate_gateway.drain import Drain
from headgate_gateway.errors import GatewayError
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject, dumps, loads
from headgate_gateway.policies.verdict import Wanted
from headgate_gateway.principals import Authenticator, Principal
from headgate_gateway.sealing import seal, unseal
from headgate_gateway.store.approvals import ApprovalStore

_POLL = 1.0
"""How often what is decided or done elsewhere is looked for, in seconds."""
_PREVIEW = 2000
_REPEATABLE = frozenset({"GET"})
_LEAVING_SOMETHING = ("proxy.", "workspaces.")
"""Operations that would be done twice if their request was made again."""

_log = structlog.get_logger("headgate_gateway.approvals")


class ApprovalDesk:
    """Approvals from the question to what came of it."""

    def __init__(
        self,
        store: ApprovalStore,
        authenticator: Authenticator,
        *,
        key: bytes,
        drain: Drain,
    ) -> None:
        self._store = store
        self._authenticator = authenticator
        self._key = key
        self._drain = drain
        self._app: ASGIApp | None = None
        self._brought: dict[str, Mapping[str, str]] = {}
        """The credentials that callers brought, by approval; never stored.

        The store knows which process holds them, so that nothing is ever performed
        with another credential in their place.
        """
        self._performing: set[asyncio.Task[None]] = set()
        self._signals: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()

    def serve(self, app: ASGIApp) -> None:
        """Perform requests by this application from now on."""
        self._app = app

    async def ask(
        self,
        request: PutAside,
        wanted: Wanted,
        *,
        content: bytes,
        caller: Principal,
        operation: str,
        request_id: str,
        agent_name: str | None,
    ) -> tuple[sa.RowMapping, bool]:
        """The approval that the request waits for, and whether it is new.

        ``content`` is what makes the bodies of two requests the same.
        """
        approval_id, now = new_id("appr"), now_ms()
        text = request.text()
        summary: JsonObject = {
            "operation": operation,
            "method": request.method,
            "path": request.path,
            "agent_name": agent_name,
            "body_preview": request.body[: 4 * _PREVIEW].decode("utf-8", "replace")[
                :_PREVIEW
            ],
        }
        row, is_new = await self._store.create(
            {
                "id": approval_id,
                "kind": "request",
                "scope": caller.scope,
                "project_id": caller.project_id,
                "key_id": caller.key_id,
                "principal_kind": caller.kind,
                "request_id": request_id,
                "status": "pending",
                "policy_id": wanted.policy.id,
                "policy_name": wanted.policy.name,
                "fallback": wanted.fallback,
                "timeout_s": wanted.timeout_s,
                "summary": summary,
                "sealed": seal(self._key, text, approval_id.encode()),
                "idempotency_key": _idempotency_key(request, operation),
                "fingerprint": _fingerprint(request, content),
                "holder": self._store.owner if request.secret_headers else None,
                "created_at": now,
                "expires_at": now + wanted.timeout_s * 1000,
            }
        )
        if is_new and request.secret_headers:
            self._brought[approval_id] = request.secret_headers
        return row, is_new

    async def decided(self, approval_id: str) -> None:
        """Go on with an approval that was just decided.

        A process that stops leaves it to the next one, unless only this one can
        perform it.
        """
        self._tell(approval_id)
        row = await self._store.get(approval_id)
        if row is None or row["status"] != "approved":
            self._brought.pop(approval_id, None)
        elif row["kind"] == "request" and (
            self.holds(row)
            or (row["holder"] is None and not self._drain.begun.is_set())
        ):
            self._begin(row)

    def changed(self, approval_id: str) -> asyncio.Event:
        """Set when an approval is decided or done here; take it before looking."""
        return self._signals.setdefault(approval_id, asyncio.Event())

    def holds(self, row: sa.RowMapping) -> bool:
        """Whether the credential that came with a request is here."""
        return row["id"] in self._brought

    async def go_on(self) -> None:
        """End what is late; perform what was agreed to and lies about."""
        await self._store.expire()
        for row in await self._store.unperformed():
            self._begin(row)
        await self._forget()

    async def stop(self) -> None:
        """Let the requests that are being performed come to their end."""
        if self._performing:
            await asyncio.wait(self._performing)

    async def until_over(self, row: sa.RowMapping, *, seconds: float) -> sa.RowMapping:
        """The approval when it is over, or as it stands when the time is."""
        deadline = time.monotonic() + seconds
        while not is_over(row) and (left := deadline - time.monotonic()) > 0:
            changed = self.changed(row["id"])
            row = await self._store.get(row["id"]) or row
            if not is_over(row):
                await self._changed_or_late(changed, row, seconds=min(left, _POLL))
        if is_over(row):
            self._tell(row["id"])
        if is_over(row) or not seconds:
            return row
        return await self._store.get(row["id"]) or row

    def response(self, row: sa.RowMapping) -> JsonObject | None:
        """What came of the request: status, headers, and the body in Latin-1."""
        if row["response"] is None:
            return None
        answer: JsonObject = loads(
            unseal(self._key, row["response"], row["id"].encode())
        )
        return answer

    async def _changed_or_late(
        self, changed: asyncio.Event, row: sa.RowMapping, *, seconds: float
    ) -> None:
        """Return when there may be something new, or the time to decide is over."""
        left = (row["expires_at"] - now_ms()) / 1000
        is_late = row["status"] == "pending" and left <= seconds
        try:
            async with asyncio.timeout(max(left, 0) if is_late else seconds):
                await changed.wait()
        except TimeoutError:
            if is_late:
                await self._store.expire()

    def _tell(self, approval_id: str) -> None:
        """Wake those who wait for an approval here."""
        signal = self._signals.pop(approval_id, None)
        if signal is not None:
            signal.set()

    async def _forget(self) -> None:
        """Keep no credential of what is over, wherever and however it ended."""
        known = list(self._brought)
        if not known:
            return
        held = await self._store.held()
        for approval_id in known:
            if approval_id not in held:
                self._brought.pop(approval_id, None)

    def _begin(self, row: sa.RowMapping) -> None:
        task = asyncio.create_task(self._perform(row))
        self._performing.add(task)
        task.add_done_callback(self._performing.discard)

    async def _perform(self, row: sa.RowMapping) -> None:
        """Make the request once, whatever becomes of this process meanwhile."""
        if self._app is None or not await self._store.take(row):
            return
        answer: JsonObject = {"status": 500, "headers": {}, "body": ""}
        try:
            answer = await self._made(row, self._app)
        except GatewayError as error:
            body = dumps({"error": error.as_object(row["request_id"])})
            answer = {
                "status": error.kind.status,
                "headers": {"content-type": "application/json"},
                "body": body.decode(),
            }
        except Exception:  # noqa: BLE001 - whoever waits gets an end
            _log.exception("approval_broke", approval_id=row["id"])
        if self._drain.begun.is_set() and _says_draining(answer):
            await self._leave(row)
            return
        sealed = seal(self._key, dumps(answer), row["id"].encode())
        await self._store.finish(row["id"], sealed)
        self._brought.pop(row["id"], None)
        self._tell(row["id"])

    async def _leave(self, row: sa.RowMapping) -> None:
        """Let the next process perform what this one refused because it stops.

        What was cut off stays in our hands: it may have been done, so that the next
        process has to look at it as at that of one that died.
        """
        if not self._drain.forced.is_set():
            await self._store.let_go(row["id"])

    async def _made(self, row: sa.RowMapping, app: ASGIApp) -> JsonObject:
        _require_safe(row)
        principal = await self._authenticator.principal_again(
            row["key_id"], kind=row["principal_kind"]
        )
        if row["holder"] is not None and not self.holds(row):
            raise GatewayError(
                "credential_missing",
                "The credential that came with the request is gone with the process "
                "that held it. Send the request again.",
            )
        brought = self._brought.get(row["id"], {})
        text = unseal(self._key, row["sealed"], row["id"].encode())
        request = PutAside.read(text, brought)
        return await make(app, request, principal=principal, approval_id=row["id"])


def is_over(row: sa.RowMapping) -> bool:
    """Whether nothing more will become of an approval."""
    status: str = row["status"]
    if status == "approved" and row["kind"] == "request":
        return row["response"] is not None
    return status != "pending"


def _says_draining(answer: JsonObject) -> bool:
    """Whether the gateway itself answered that it stops; upstreams close nothing."""
    if answer["status"] != 503 or answer["headers"].get("connection") != "close":
        return False
    code: str = loads(answer["body"])["error"]["code"]
    return code == "draining"


def _require_safe(row: sa.RowMapping) -> None:
    """Refuse what a process that is gone had in its hands, if it may have been done."""
    summary: JsonObject = row["summary"]
    was_begun = row["owner"] is not None
    leaves_something = summary["operation"].startswith(_LEAVING_SOMETHING)
    if was_begun and leaves_something and summary["method"] not in _REPEATABLE:
        raise GatewayError(
            "upstream_failed", "The gateway stopped while the request was performed."
        )


def _idempotency_key(request: PutAside, operation: str) -> str | None:
    """What names the request among the caller's: each operation has its own keys."""
    key = request.headers.get("idempotency-key")
    return key and hashlib.sha256(dumps([operation, key])).hexdigest()


def _fingerprint(request: PutAside, content: bytes) -> bytes:
    parts: list[Any] = [request.method, request.path, request.query.decode("latin-1")]
    return hashlib.sha256(dumps(parts) + content).digest()
