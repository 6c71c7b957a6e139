"""Runs the application on uvicorn, and stops it in order."""

import asyncio
import gc
import sys
from collections.abc import Mapping
from dataclasses import asdict
from types import FrameType

import uvicorn

from headgate_gateway.app import create_app
from headgate_gateway.gateway import Gateway, open_gateway
from headgate_gateway.http.protocol import BoundedConfig
from headgate_gateway.json import dump_text
from headgate_gateway.settings import Settings

_GARBAGE = 50_000
"""After so many new objects the youngest are searched for garbage.

More than the requests of a moment and what is written of them have: those go by
themselves, and to look at them finds nothing.
"""
_SWITCH = 0.0005
"""For so long, in seconds, may the store's threads keep the loop from going on."""
_LAST_SECONDS = 3
"""How long connections may take to close after the drain."""


class _Server(uvicorn.Server):
    """A server whose stop signal starts the drain; uvicorn would wait for ever."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway
        self._asked_to_stop = False
        self._drain: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Remember the first signal for the next tick; a second one stops at once."""
        if self._asked_to_stop:
            super().handle_exit(sig, frame)
        self._asked_to_stop = True

    async def on_tick(self, counter: int) -> bool:
        """Begin the drain when a signal has come."""
        if self._asked_to_stop and self._drain is None:
            self._drain = asyncio.create_task(self._leave())
        return await super().on_tick(counter)

    async def _leave(self) -> None:
        try:
            await self._gateway.begin_drain()
        finally:
            self.should_exit = True


async def serve(settings: Settings) -> None:
    """Serve until a signal says stop. Prints one line of JSON when it is ready."""
    gateway = await open_gateway(settings)
    config = BoundedConfig(
        create_app(gateway),
        receive_timeout=settings.receive_timeout,
        most=settings.max_connections,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_LAST_SECONDS,
    )
    server = _Server(config, gateway)
    await gateway.start()
    _settle()
    announcement = asyncio.create_task(_announce(server, gateway))
    try:
        await server.serve()
    finally:
        announcement.cancel()
        await gateway.stop()


def _settle() -> None:
    """Leave what was loaded to start with out of the search for garbage.

    It stays until the end. A request makes some hundred objects, nearly all of which
    are gone with their last use: to look every 700 objects finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(_GARBAGE, 10, 10)
    sys.setswitchinterval(_SWITCH)


async def _announce(server: uvicorn.Server, gateway: Gateway) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    line = {"url": f"http://{shown}:{port}"}
    if gateway.first_secrets is not None:
        line |= asdict(gateway.first_secrets)
    told = _greeting(line) if sys.stdout.isatty() else dump_text(line)
    sys.stdout.write(told + "\n")
    sys.stdout.flush()


def _greeting(line: Mapping[str, str]) -> str:
    """Say to a person what a program gets as JSON, the keys ready to be pasted."""
    lines = [f"Headgate gateway at {line['url']}"]
    if "api_key" in line:
        lines += [
            "Its keys, shown this once:",
            f"  export HEADGATE_ADMIN_KEY={line['admin_key']}",
            f"  export HEADGATE_API_KEY={line['api_key']}",
        ]
    return "\n".join(lines)
