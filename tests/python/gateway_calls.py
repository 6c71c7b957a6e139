"""What is asked of the gateway through either client of the Python SDK."""

from __future__ import annotations

import secrets
from typing import Any

from tests.python.twins import Twin

HELLO: Any = [{"role": "user", "content": "Hello there"}]


def scripted(script: Any) -> dict[str, Any]:
    """A request whose answers are played from a script."""
    return {"model": "mock/script", "messages": HELLO, "metadata": {"script": script}}


def unique(name: str) -> str:
    """A name that nothing else has."""
    return f"{name} {secrets.token_hex(6)}"


def first_page(twin: Twin, make):
    """A call that gives a list's first page, from either client."""
    if not twin.is_async:
        return make

    async def page(client):
        return await make(client)

    return page


def all_items(twin: Twin, make):
    """A call that gives every item of a list."""
    if not twin.is_async:
        return lambda client: list(make(client))

    async def items(client):
        return [item async for item in make(client)]

    return items
