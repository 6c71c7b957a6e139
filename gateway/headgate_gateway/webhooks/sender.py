"""Sends what was written down for webhooks, again and again until it is taken."""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from headgate_gateway.clock import now_ms
from headgate_gateway.errors import GatewayError
from headgate_gateway.json import dumps
from headgate_gateway.outbound.client import OutboundClient, Outgoing
from headgate_gateway.store.webhooks import Attempt, WebhookStore
from headgate_gateway.webhooks.secrets import Keyring
from headgate_gateway.webhooks.signing import signed_headers

_POLL = 0.5
"""How often the store is asked what is due, in seconds."""
_TIMEOUT = 10.0
"""How long a receiver may take to answer, in seconds."""
_HELD_MS = 30_000
"""When another process may take up a try whose process died."""
_MOST = 32
_MOST_OF_ONE = 4
"""How many requests one webhook gets at a time: a slow one keeps nobody waiting."""
_FACTOR = 4
_LONGEST_DELAY = 12 * 3600.0
_LAST_SECONDS = 1.0
_GONE = 410

_log = structlog.get_logger("headgate_gateway.webhooks")


class WebhookSender:
    """Takes due deliveries from the store and tries them."""

    def __init__(
        self,
        store: WebhookStore,
        keyring: Keyring,
        client: OutboundClient,
        *,
        attempts: int,
        first_delay: float,
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._client = client
        self._attempts = attempts
        self._first_delay = first_delay
        self._woken = asyncio.Event()
        self._busy: Counter[str] = Counter()
        self._trying: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin sending."""
        self._task = asyncio.create_task(self._send_forever(), name="webhooks")

    async def stop(self) -> None:
        """Take nothing more; a try that goes on for long is left to be made again."""
        tasks = [] if self._task is None else [self._task]
        for task in tasks:
            task.cancel()
        if self._trying:
            await asyncio.wait(self._trying, timeout=_LAST_SECONDS)
        for task in self._trying:
            task.cancel()
        for task in (*tasks, *self._trying):
            with suppress(asyncio.CancelledError):
                await task

    def wake(self) -> None:
        """Look at once what is due."""
        self._woken.set()

    async def _send_forever(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self._take_up()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("webhooks_delayed", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL):
                    await self._woken.wait()

    async def _take_up(self) -> None:
        """Take a few at a time: whose they were may have enough by the next time."""
        while await self._take_some():
            pass

    async def _take_some(self) -> bool:
        """Whether there may be more to take."""
        room = min(_MOST - len(self._trying), _MOST_OF_ONE)
        if room <= 0 or not await self._store.due():
            return False
        busy = [name for name, count in self._busy.items() if count >= _MOST_OF_ONE]
        held_until = now_ms() + _HELD_MS
        taken = await self._store.take(most=room, busy=busy, held_until=held_until)
        for row in taken:
            self._busy[row["webhook_id"]] += 1
            task = asyncio.create_task(self._try(row))
            self._trying.add(task)
            task.add_done_callback(self._trying.discard)
        return len(taken) == room

    async def _try(self, row: sa.RowMapping) -> None:
        try:
            attempt = await self._sent(row)
            await self._store.tried(row, attempt)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("webhook_unclear", id=row["id"], error=type(error).__name__)
        finally:
            webhook_id: str = row["webhook_id"]
            self._busy[webhook_id] -= 1
            if not self._busy[webhook_id]:
                del self._busy[webhook_id]
            self.wake()

    async def _sent(self, row: sa.RowMapping) -> Attempt:
        """One try; an answer of any kind but 2xx is a failure, and so is none."""
        try:
            status = await self._posted(row)
        except GatewayError as error:
            return self._failed(row, None, error.message)
        except TimeoutError:
            return self._failed(row, None, "The receiver did not answer in time.")
        if status // 100 == 2:
            return Attempt(status=status)
        return self._failed(row, status, f"The receiver answered {status}.")

    async def _posted(self, row: sa.RowMapping) -> int:
        body = dumps(row["payload"])
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "headgate-gateway",
            **signed_headers(
                self._keyring.current(row),
                event_id=row["event_id"],
                seconds=now_ms() // 1000,
                body=body,
            ),
        }
        outgoing = Outgoing(
            method="POST", url=row["webhook_url"], headers=headers, body=body
        )
        async with (
            asyncio.timeout(_TIMEOUT),
            self._client.exchange(outgoing) as answer,
        ):
            return answer.status

    def _failed(self, row: sa.RowMapping, status: int | None, error: str) -> Attempt:
        gone = status == _GONE
        over = gone or row["attempts"] >= self._attempts
        values: dict[str, Any] = {"status": status, "error": error, "gone": gone}
        if over:
            _log.warning("webhook_given_up", id=row["id"], webhook=row["webhook_id"])
            return Attempt(**values)
        seconds = self._first_delay * _FACTOR ** (row["attempts"] - 1)
        # Not all that failed together comes again together.
        seconds = min(seconds, _LONGEST_DELAY) * random.uniform(0.9, 1.1)  # noqa: S311
        return Attempt(**values, retry_at=now_ms() + int(seconds * 1000))
