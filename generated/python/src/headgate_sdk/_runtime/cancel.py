# Fixed runtime of a generated SDK: the same source in every package.
"""Calls that are cancelled from elsewhere: another thread, another task."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from threading import Event, Lock, Thread
from typing import Any, Generic, TypeVar

from .errors import RequestCancelledError

T = TypeVar("T")


class CancelToken:
    """Cancels the calls that were given it, at any time and from any thread.

    What it cancels raises `RequestCancelledError` with the reason, and frees its
    connection. Once cancelled it stays so.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._event = Event()
        self._callbacks: list[Callable[[], object]] = []
        self.reason: object = None
        """What was given to `cancel`."""

    @property
    def is_cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._event.is_set()

    def cancel(self, reason: object = None) -> None:
        """Cancel the calls that have this token; the first reason is kept."""
        with self._lock:
            if self.is_cancelled:
                return
            self.reason = reason
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def check(self) -> None:
        """Raise if it was cancelled."""
        if self.is_cancelled:
            raise self.error()

    def error(self) -> RequestCancelledError:
        """Make the error of a call that was cancelled."""
        return RequestCancelledError(self.reason)

    def wait(self, seconds: float) -> None:
        """Wait, and raise as soon as it is cancelled."""
        self._event.wait(seconds)
        self.check()

    def on_cancel(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call a function when it is cancelled; gives what takes that back."""
        with self._lock:
            if not self.is_cancelled:
                self._callbacks.append(callback)
                return lambda: self._forget(callback)
        callback()
        return _nothing

    def _forget(self, callback: Callable[[], object]) -> None:
        with self._lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)


def _nothing() -> None:
    """Take back what has been done already."""


async def unless_cancelled(
    token: CancelToken | None, work: Coroutine[Any, Any, T]
) -> T:
    """Wait for some work, no longer than until the token is cancelled."""
    if token is None:
        return await work
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    forget = token.on_cancel(lambda: loop.call_soon_threadsafe(task.cancel))
    try:
        return await task
    except asyncio.CancelledError:
        caller = asyncio.current_task()
        if token.is_cancelled and not (caller and caller.cancelling()):
            error = token.error()
            raise error from error.__cause__
        raise
    finally:
        forget()


def blocking_unless_cancelled(
    token: CancelToken, work: Callable[[], T], drop: Callable[[T], object]
) -> T:
    """Do some work in a thread, and wait no longer than until the token is cancelled.

    A result that comes later is dropped. Nothing else can end a wait for an answer
    whose connection is not known yet.
    """
    token.check()
    job = _Job(work, drop)
    forget = token.on_cancel(job.give_up)
    try:
        return job.result(token)
    finally:
        forget()


class _Job(Generic[T]):
    """Some work in a thread of its own, which may be given up."""

    def __init__(self, work: Callable[[], T], drop: Callable[[T], object]) -> None:
        self._over = Event()
        self._lock = Lock()
        self._given_up = False
        self._found: list[T] = []
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, args=(work, drop), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], T], drop: Callable[[T], object]) -> None:
        try:
            found = work()
        except BaseException as error:
            # Whatever it is, it is raised where the result is waited for.
            self._error = error
        else:
            with self._lock:
                self._found.append(found)
                if self._given_up:
                    drop(found)
        self._over.set()

    def give_up(self) -> None:
        """Wait no longer; what is found from now on is dropped."""
        with self._lock:
            if not self._found:
                self._given_up = True
        self._over.set()

    def result(self, token: CancelToken) -> T:
        """Wait for the result."""
        self._over.wait()
        if self._given_up:
            raise token.error()
        if self._error is not None:
            raise self._error
        return self._found[0]
