"""Sends event streams: frames, pings in silence, and an end that is true."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from headgate_gateway.deadline import Deadline, line_of
from headgate_gateway.errors import GatewayError
from headgate_gateway.http.disconnect import while_waited_for
from headgate_gateway.http.ending import Ending
from headgate_gateway.json import JsonObject, dumps
from headgate_gateway.metrics import Metrics
from headgate_gateway.starts import Starts
from headgate_gateway.store.runs import StoredEvent

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]

PING = b'event: ping\ndata: {"type":"ping"}\n\n'


def message_frame(event: JsonObject) -> bytes:
    """A frame without an id: the stream cannot be resumed."""
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), dumps(event))


def run_frame(event: StoredEvent) -> bytes:
    """A frame whose id is the event's sequence number."""
    return b"event: %b\nid: %d\ndata: %b\n\n" % (
        event.type.encode(),
        event.sequence,
        event.data.encode(),
    )


class Cut(Exception):
    """Raised by a source of frames: break off, as a dying server would."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What all event streams of a gateway have in common."""

    metrics: Metrics
    starts: Starts
    ping_interval: float
    """Seconds of silence after which a ping is sent."""
    stalled_reader: float
    """Seconds for which a reader may take nothing."""


class EventStream:
    """An ASGI application that sends one event stream.

    Closing ``frames`` frees what stands behind them. A client that leaves, or takes
    nothing for too long, ends the stream and calls ``on_disconnect``. ``ends_on`` ends
    it with ``last_words`` about its reason, or cuts it when there are none.
    """

    def __init__(
        self,
        frames: AsyncGenerator[bytes, None],
        sending: Sending,
        *,
        ends_on: Ending,
        ping: bytes = PING,
        headers: dict[str, str] | None = None,
        last_words: Callable[[GatewayError], bytes] | None = None,
        on_disconnect: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._frames = frames
        self._sending = sending
        self._ends_on = ends_on
        self._ping = ping
        self._headers = [
            (name.lower().encode(), value.encode())
            for name, value in (headers or {}).items()
        ]
        self._last_words = last_words
        self._on_disconnect = on_disconnect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        wire = _Wire(send, stalled_reader=self._sending.stalled_reader)
        self._sending.metrics.open_streams.inc()
        try:
            await wire.start(_HEADERS + self._headers)
            await self._run(wire, receive)
        finally:
            wire.close()
            self._sending.metrics.open_streams.dec()

    async def _run(self, wire: "_Wire", receive: Receive) -> None:
        """Send until the frames end, the client leaves or the gateway stops."""
        try:
            await self._sent(wire, receive)
        except Cut:
            return
        except (ClientDisconnect, TimeoutError, OSError):
            await self._left()
        except GatewayError as error:
            if not self._ends_on.is_set():
                raise
            await self._end_early(wire, error)
        else:
            await wire.finish()

    async def _sent(self, wire: "_Wire", receive: Receive) -> None:
        pings = _Pings(wire, interval=self._sending.ping_interval, ping=self._ping)
        try:
            await while_waited_for(receive, self._send_all(wire), unless=self._ends_on)
        finally:
            await pings.stop()

    async def _send_all(self, wire: "_Wire") -> None:
        async with aclosing(self._frames) as frames:
            async for frame in frames:
                await wire.write(frame)
                # Stored events come without a real wait: without this one the loop
                # would serve nobody else, nor see that the client has gone.
                await self._sending.starts.let_pass()

    async def _end_early(self, wire: "_Wire", reason: GatewayError) -> None:
        """Say why, if there are words for it; else the body breaks off."""
        if self._last_words is not None:
            await wire.write(self._last_words(reason))
            await wire.finish()

    async def _left(self) -> None:
        if self._on_disconnect is not None:
            await self._on_disconnect()


class _Wire:
    """One response body; writes are whole frames, one at a time."""

    def __init__(self, send: Send, *, stalled_reader: float) -> None:
        self._send = send
        self._patience = Deadline(stalled_reader)
        self._lock = asyncio.Lock()
        self._last: float | None = None

    async def start(self, headers: Sequence[tuple[bytes, bytes]]) -> None:
        await self._send(
            {"type": "http.response.start", "status": 200, "headers": list(headers)}
        )

    async def write(self, data: bytes) -> None:
        """Send, waiting for a slow reader for as long as it is allowed to be slow."""
        async with self._lock:
            with self._patience:
                await self._send(
                    {"type": "http.response.body", "body": data, "more_body": True}
                )
        self._last = time.monotonic()

    def close(self) -> None:
        """Let go of the timer."""
        self._patience.close()

    async def finish(self) -> None:
        await self._send(
            {"type": "http.response.body", "body": b"", "more_body": False}
        )

    def silent_for(self) -> float:
        """Seconds since the last frame; none before the first one."""
        return 0.0 if self._last is None else time.monotonic() - self._last


class _Pings:
    """Sends a ping after each ``interval`` of silence, never as the first frame.

    A stream that is never silent so long costs a look from time to time and no task.
    """

    def __init__(self, wire: _Wire, *, interval: float, ping: bytes) -> None:
        self._wire = wire
        self._interval = interval
        self._ping = ping
        self._writing: asyncio.Task[None] | None = None
        self._line = line_of(interval)
        self._line.join(self)
        self._again: asyncio.TimerHandle | None = None

    def come(self) -> None:
        """Look whether it is time for one, and when it may be again."""
        silent_for = self._wire.silent_for()
        is_writing = self._writing is not None and not self._writing.done()
        if silent_for >= self._interval and not is_writing:
            self._writing = asyncio.create_task(self._wire.write(self._ping))
        left = self._interval - silent_for
        self._again = self._line.loop.call_later(max(left, 0.001), self.come)

    async def stop(self) -> None:
        """Send no more, and none by half."""
        self._line.leave(self)
        if self._again is not None:
            self._again.cancel()
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
            self._writing = None


async def batched_frames(
    batches: AsyncGenerator[list[StoredEvent], None], *, cuts: set[int]
) -> AsyncGenerator[bytes, None]:
    """The frames of a run, events that are ready together in one write.

    After an event whose number is in ``cuts`` the connection breaks off, once.
    """
    async with aclosing(batches) as source:
        async for batch in source:
            last = next((event for event in batch if event.sequence in cuts), None)
            if last is None:
                yield b"".join(map(run_frame, batch))
                continue
            cuts.discard(last.sequence)
            shown = [event for event in batch if event.sequence <= last.sequence]
            yield b"".join(map(run_frame, shown))
            raise Cut
