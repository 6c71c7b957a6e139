"""What ends an answer before it is whole: the gateway's stop, or that of the key."""

import asyncio
from collections.abc import Callable

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

    def tell(self, digest: bytes, who: object, told: Told) -> None:
        """Have a function called when the key is no good, until ``who`` forgets it."""
        callbacks = self._open.get(digest)
        if callbacks is None:
            callbacks = self._open[digest] = {}
        callbacks[who] = told

    def forget(self, digest: bytes, who: object) -> None:
        """Call nobody on behalf of ``who``."""
        callbacks = self._open[digest]
        del callbacks[who]
        if not callbacks:
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

    def calls(self, callback: Callable[[], None]) -> "_Calls":
        """Have a function called when it comes within the block."""
        return _Calls(self, callback)

    def tell(self, who: "_Calls") -> None:
        """Have somebody called when it comes."""
        self._stop.tell(who, who.callback)
        if self._digest is not None:
            self._keys.tell(self._digest, who, who.told)

    def forget(self, who: "_Calls") -> None:
        """Call somebody no more."""
        self._stop.forget(who)
        if self._digest is not None:
            self._keys.forget(self._digest, who)

    def come(self, reason: GatewayError) -> None:
        """It comes for the sake of the key."""
        self._reason = reason

    async def wait(self) -> None:
        """Return when it has come."""
        if self.is_set():
            return
        come = asyncio.Event()
        with self.calls(come.set):
            await come.wait()


class _Calls:
    """A context in which somebody is called when an answer has to end."""

    __slots__ = ("_ending", "callback")

    def __init__(self, ending: Ending, callback: Callable[[], None]) -> None:
        self._ending = ending
        self.callback = callback

    def told(self, reason: GatewayError) -> None:
        """Called when the key is no good."""
        self._ending.come(reason)
        self.callback()

    def __enter__(self) -> None:
        self._ending.tell(self)

    def __exit__(self, *_: object) -> None:
        self._ending.forget(self)
