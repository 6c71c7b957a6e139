"""What ends an answer before it is whole: the gateway's stop, or that of the key."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager

from headgate_gateway.drain import Signal, draining
from headgate_gateway.errors import GatewayError
from headgate_gateway.principals import good_owner
from headgate_gateway.store.keys import KeyStore

Told = Callable[[GatewayError], None]


class KeyWatch:
    """Looks after the keys that have something open, and says when one is no good."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._open: dict[bytes, dict[object, Told]] = {}

    @contextmanager
    def tells(self, digest: bytes | None, told: Told) -> Generator[None, None, None]:
        """Have a function called when the key is revoked or expires meanwhile."""
        if digest is None:
            yield
            return
        place = object()
        self._open.setdefault(digest, {})[place] = told
        try:
            yield
        finally:
            del self._open[digest][place]
            if not self._open[digest]:
                del self._open[digest]

    async def look(self) -> None:
        """End what keys opened that may no longer be used, whoever said so."""
        if not self._open:
            return
        owners = await self._store.find_secrets(list(self._open))
        for digest, callbacks in list(self._open.items()):
            try:
                good_owner(owners.get(digest))
            except GatewayError as error:
                for told in list(callbacks.values()):
                    told(error)


class Ending:
    """The end of one request's answer, if it comes too early."""

    def __init__(self, stop: Signal, keys: KeyWatch, digest: bytes | None) -> None:
        self._stop = stop
        self._keys = keys
        self._digest = digest
        self._reason: GatewayError | None = None

    @property
    def reason(self) -> GatewayError:
        """Why it came."""
        return self._reason or draining()

    def is_set(self) -> bool:
        """Whether it has come already."""
        return self._reason is not None or self._stop.is_set()

    @contextmanager
    def calls(self, callback: Callable[[], None]) -> Generator[None, None, None]:
        """Have a function called when it comes within the block."""

        def told(error: GatewayError) -> None:
            self._reason = error
            callback()

        with self._stop.calls(callback), self._keys.tells(self._digest, told):
            yield

    async def wait(self) -> None:
        """Return when it has come."""
        if self.is_set():
            return
        come = asyncio.Event()
        with self.calls(come.set):
            await come.wait()
