"""A vendor's client, synchronous or not, behind one surface."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


class Caller:
    """One of a package's two clients: what is to be awaited is awaited."""

    def __init__(
        self, kind: Callable[..., Any], *, asynchronous: bool, **options: Any
    ) -> None:
        self._runner = asyncio.Runner() if asynchronous else None
        self._kind = kind
        self._options: dict[str, Any] = {"max_retries": 0, **options}
        self.client: Any = self._kind(**self._options)
        self._others: list[Caller] = []

    def again(self, **options: Any) -> Caller:
        """The same with other options."""
        other = object.__new__(Caller)
        other._runner, other._kind = self._runner, self._kind
        other._options = {**self._options, **options}
        other.client, other._others = self._kind(**other._options), []
        self._others.append(other)
        return other

    def run(self, work: Callable[[Any], Any]) -> Any:
        """What `work` gives, awaited if it has to be."""
        made = work(self.client)
        return self._awaited(made)

    def first(self, stream: Any) -> Any:
        """The first chunk of a stream, which is left then."""
        if self._runner is None:
            chunk = next(iter(stream))
            stream.close()
            return chunk

        async def one() -> Any:
            chunk = await anext(aiter(stream))
            await stream.close()
            return chunk

        return self._runner.run(one())

    def close(self) -> None:
        """Close the client and those made from it."""
        for each in (*self._others, self):
            each.run(lambda client: client.close())
        if self._runner is not None:
            self._runner.close()

    def all_of(self, stream: Any) -> list[Any]:
        """Everything in a stream, to its end."""
        if self._runner is None:
            with stream:
                return list(stream)

        async def every() -> list[Any]:
            async with stream:
                return [chunk async for chunk in stream]

        return self._runner.run(every())

    def _awaited(self, made: Any) -> Any:
        if self._runner is None or not isinstance(made, Awaitable):
            return made

        async def waited() -> Any:
            return await made

        return self._runner.run(waited())
