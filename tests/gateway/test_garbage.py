"""What is left of a request when it is answered."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import uvicorn

from headgate_gateway.audit.trail import AuditTrail
from headgate_gateway.drain import Drain
from headgate_gateway.http.answers import json_answer
from headgate_gateway.http.edge import RequestEdge
from headgate_gateway.http.protocol import BoundedConfig
from headgate_gateway.metrics import Metrics
from headgate_gateway.store.audit import AuditStore
from headgate_gateway.store.database import Database

REQUEST = b"GET / HTTP/1.1\r\nhost: t\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n"


class Mark:
    """Something in a request's scope, which lives as long as that."""


async def test_a_request_goes_with_its_answer():
    """Nothing waits for the collector: its searches are the slowest answers."""
    marks: list[weakref.ref[Mark]] = []

    async def answers(scope: Any, receive: Any, send: Any) -> None:
        scope["mark"] = mark = Mark()
        marks.append(weakref.ref(mark))
        await json_answer({"mark": len(marks)})(scope, receive, send)

    trail = AuditTrail(AuditStore(Database("sqlite:///never-opened.sqlite3")))
    app = RequestEdge(answers, metrics=Metrics(), drain=Drain(), audit=trail)
    server = uvicorn.Server(
        BoundedConfig(
            app,
            receive_timeout=20,
            most=0,
            port=0,
            lifespan="off",
            ws="none",
            log_config=None,
        )
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    gc.disable()
    try:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(REQUEST + LAST)
        told = await reader.read()
        writer.close()
        await writer.wait_closed()

        assert told.count(b"HTTP/1.1 200 OK") == 2
        assert told.endswith(b'{"mark":2}')
        assert [mark() for mark in marks] == [None, None]
    finally:
        gc.enable()
        server.should_exit = True
        await serving
