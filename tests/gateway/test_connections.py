"""Connections to providers carry one request after the other."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from headgate_gateway.outbound.guard import AddressGuard, networks
from headgate_gateway.outbound.pool import ConnectionPool

WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
LEAVING = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"
UNBOUNDED = b"HTTP/1.1 200 OK\r\n\r\n{}"


class Provider:
    """Gives one answer to everything, and counts connections."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.connections = 0

    def connected(self) -> asyncio.Protocol:
        """A new connection."""
        self.connections += 1
        return _Connection(self.answer)


class _Connection(asyncio.Protocol):
    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        assert data.endswith(b"\r\n\r\n{}")
        self._transport.write(self._answer)
        if self._answer in (LEAVING, UNBOUNDED):
            self._transport.close()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(WHOLE, 1), (CHUNKED, 1), (LEAVING, 3), (UNBOUNDED, 3)],
    ids=["whole", "chunked", "leaving", "unbounded"],
)
async def test_a_connection_is_used_again_if_its_answer_allows(
    answer: bytes, expected: int
) -> None:
    """Three requests need one connection, or three where the provider leaves."""
    provider = Provider(answer)
    pool = ConnectionPool(AddressGuard(networks("127.0.0.0/8")))
    loop = asyncio.get_running_loop()
    async with await loop.create_server(provider.connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for _ in range(3):
            reply = await pool.post(f"http://127.0.0.1:{port}/", headers={}, body=b"{}")
            assert await reply.whole(100) == b"{}"
            reply.close()
        await pool.close()

    assert provider.connections == expected
