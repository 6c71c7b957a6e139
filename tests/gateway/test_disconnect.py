"""Work goes on while its client waits for it; what comes too late ends nothing."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from headgate_gateway.drain import Signal
from headgate_gateway.http.disconnect import while_waited_for
from headgate_gateway.http.ending import Ending, KeyWatch

WATCHED = 0.1
"""By then, in seconds, somebody looks whether the client is there."""


class Caller:
    """Waits for an answer until it leaves."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()

    async def receive(self) -> Message:
        """What a server tells of it."""
        await self.gone.wait()
        return {"type": "http.disconnect"}


def never() -> Ending:
    """An end that does not come; no key is watched, so that no store is asked."""
    return Ending(Signal(), KeyWatch(None), None)


async def test_work_ends_with_its_client():
    """What nobody waits for is cancelled, and the server is told why."""
    caller = Caller()
    asyncio.get_running_loop().call_later(WATCHED, caller.gone.set)

    with pytest.raises(ClientDisconnect):
        await while_waited_for(caller.receive, asyncio.sleep(30), unless=never())


async def test_a_client_that_leaves_as_the_work_is_done_ends_nothing():
    """What follows the work, in the same turn, is not cancelled in its place."""
    caller, loop = Caller(), asyncio.get_running_loop()
    done = loop.create_future()

    def both() -> None:
        caller.gone.set()
        done.set_result("the answer")

    async def work() -> str:
        answer: str = await done
        return answer

    loop.call_later(WATCHED, both)
    answer = await while_waited_for(caller.receive, work(), unless=never())
    for _ in range(3):
        await asyncio.sleep(0)

    assert answer == "the answer"
