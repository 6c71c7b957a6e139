"""What the store said is asked for once, and no longer believed when it changed."""

from __future__ import annotations

import asyncio

import pytest

from headgate_gateway.lookups import Lookups


class Store:
    """Counts who asks, and answers each when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = asyncio.Event()

    async def find(self, key: str) -> str:
        """The key with the number of the search that found it."""
        self.asked += 1
        number = self.asked
        await self.answers.wait()
        if key == "broken":
            raise ConnectionError(key)
        return f"{key} {number}"


async def test_all_who_ask_at_once_share_one_search() -> None:
    """Ten requests at once ask the store once, and so does the next one."""
    store = Store()
    lookups = Lookups(store.find)
    waiting = [asyncio.create_task(lookups.get("key")) for _ in range(10)]
    await asyncio.sleep(0)
    store.answers.set()

    assert await asyncio.gather(*waiting) == ["key 1"] * 10
    assert await lookups.get("key") == "key 1"


async def test_who_leaves_does_not_end_the_search_of_others() -> None:
    """A request whose client goes takes nothing from one that waits for the same."""
    store = Store()
    lookups = Lookups(store.find)
    first, second = (asyncio.create_task(lookups.get("key")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    store.answers.set()

    assert await second == "key 1"
    assert first.cancelled()


async def test_what_is_forgotten_while_it_is_searched_is_not_kept() -> None:
    """A search that began before a change tells nothing to those who ask after it."""
    store = Store()
    lookups = Lookups(store.find)
    before = asyncio.create_task(lookups.get("key"))
    await asyncio.sleep(0)
    lookups.forget("key")
    after = asyncio.create_task(lookups.get("key"))
    await asyncio.sleep(0)
    store.answers.set()

    assert (await before, await after) == ("key 1", "key 2")
    assert await lookups.get("key") == "key 2"


async def test_a_failure_is_told_to_all_and_not_kept() -> None:
    """Who asks after a failure has the store asked again."""
    store = Store()
    store.answers.set()
    lookups = Lookups(store.find)
    for _ in range(2):
        with pytest.raises(ConnectionError):
            await lookups.get("broken")

    assert store.asked == 2


async def test_no_more_is_kept_than_allowed() -> None:
    """The thing that was looked up first gives way."""
    store = Store()
    store.answers.set()
    lookups = Lookups(store.find, most=2)
    for key in ("first", "second", "third", "second", "first"):
        await lookups.get(key)

    assert store.asked == 4
