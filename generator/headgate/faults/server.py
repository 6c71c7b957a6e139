"""The server: takes requests, finds their cases, and plays what their scripts say.

A case's number comes in the header `X-Fault-Case`. Beside the API's own paths there
are `/faults/cases` (what a driver is to do), `/faults/results` (what it saw),
`/faults/settled` (waits until no connection is in use) and `/faults/report`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from headgate.faults.cases import Cases
from headgate.faults.draws import Case, Operation
from headgate.faults.expectation import Wrong
from headgate.faults.http import Request, Writer, read_request
from headgate.faults.report import Failure, Report
from headgate.faults.script import HEALTHY, Answer

CASE_HEADER = "X-Fault-Case"

DELIVERED_HEADER = "X-Fault-Delivered"
"""In it a client may say how many events its caller has been given so far."""

_GRACE = 5.0
"""How long a client has to free its connection after it reported a case."""

_IDLE = 10.0
"""After that long without a request a case begins anew that is none of a campaign."""

_TRACE = 40


@dataclass(slots=True)
class Play:
    """How far a case has been played; `kept` until its result is reported."""

    case: Case
    kept: bool = False
    place: int = 0
    posts: int = 0
    serving: int = 0
    sent: int = 0
    cursor: int = 0
    used: float = 0.0
    trace: list[str] = field(default_factory=list[str])
    wrong: list[str] = field(default_factory=list[str])

    @property
    def is_idle(self) -> bool:
        """Whether nobody is known to go on with it."""
        return not self.kept and not self.serving

    def next_answer(self) -> Answer:
        """The next answer of the script, the healthy one after its end."""
        answers = self.case.answers
        answer = answers[self.place] if self.place < len(answers) else HEALTHY
        self.place += 1
        return answer

    def check(self, request: Request, cursor: int | None) -> None:
        """Note what a client must not ask."""
        expectation = self.case.expectation
        if request.method == "POST":
            self.posts += 1
            if self.posts > expectation.posts:
                self.wrong.append(f"POST number {self.posts}")
            return
        run = self.case.call.recording.run_id
        if request.path != f"/v1/runs/{run}/events":
            self.wrong.append(f"asked for {request.path}")
        delivered = request.headers.get(DELIVERED_HEADER.lower(), "")
        if delivered.isdecimal():
            self._check_delivered(cursor, int(delivered))
        else:
            self._check_sent(cursor)

    def _check_delivered(self, cursor: int | None, delivered: int) -> None:
        """Note a cursor other than that of the last event that the caller has.

        A connection that breaks may take events with it that were sent, even decoded.
        """
        if (cursor or 0) != self.case.call.cursor + delivered:
            self.wrong.append(f"resumed after {cursor}, {delivered} were delivered")

    def _check_sent(self, cursor: int | None) -> None:
        """Note a cursor that no client can have that was given what was sent."""
        if cursor is None:
            if self.sent:
                self.wrong.append("resumed without a cursor")
            return
        if not self.cursor <= cursor <= max(self.sent, self.case.call.cursor):
            self.wrong.append(f"resumed after {cursor}, {self.sent} events were sent")
        self.cursor = max(self.cursor, cursor)

    def check_count(self) -> None:
        """Note if the client asked too often or gave up too early."""
        right = self.case.expectation.requests
        if right is not None and self.place != right:
            self.wrong.append(f"{self.place} requests instead of {right}")


class FaultServer:
    """Serves cases; `default` is the case of requests that name none."""

    def __init__(self, cases: Cases, *, default: str | None = None) -> None:
        self.report = Report()
        self._cases = cases
        self._default = default
        self._plays: dict[str, Play] = {}
        self._checks = 0
        self._all_checked = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(
        self, reader: asyncio.StreamReader, out: asyncio.StreamWriter
    ) -> None:
        """Answer the requests of one connection."""
        connection: socket.socket = out.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        writer = Writer(reader, out)
        self._open.add(out)
        with contextlib.suppress(OSError):
            while request := await read_request(reader):
                goes_on = await self._answer(request, writer)
                if not goes_on or request.headers.get("connection") == "close":
                    break
        with contextlib.suppress(OSError):
            out.close()
            await out.wait_closed()
        self._open.discard(out)

    async def stop(self) -> None:
        """Break off all connections."""
        while self._open:
            for out in self._open:
                out.transport.abort()
            await asyncio.sleep(0.01)

    async def _answer(self, request: Request, writer: Writer) -> bool:
        if request.path.startswith("/faults/"):
            return await self._administer(request, writer)
        key = request.headers.get(CASE_HEADER.lower(), self._default)
        try:
            play = self._play(key, operation_of(request))
        except KeyError:
            return await _write_json(writer, {"error": f"no case {key!r}"}, 400)
        except ValueError as error:
            return await _write_json(writer, {"error": str(error)}, 400)
        return await self._perform(play, request, writer)

    def _play(self, key: str | None, operation: Operation) -> Play:
        if key is None:
            raise ValueError(f"the header {CASE_HEADER} is missing")
        now = asyncio.get_running_loop().time()
        play = self._plays.get(key)
        if play is None or (play.is_idle and now - play.used > _IDLE):
            play = self._plays[key] = Play(self._cases.find(key, operation))
        play.used = now
        return play

    async def _perform(self, play: Play, request: Request, writer: Writer) -> bool:
        case = play.case
        cursor = cursor_of(request)
        play.check(request, cursor)
        answer = play.next_answer()
        if len(play.trace) < _TRACE:
            play.trace.append(f"{request.method} after {cursor}: {answer}")
        gzip = "gzip" in request.headers.get("accept-encoding", "")
        play.serving += 1
        try:
            return await writer.write(
                answer, self._pieces(play, answer, cursor), gzip=gzip, dice=case.number
            )
        finally:
            play.serving -= 1

    def _pieces(self, play: Play, answer: Answer, cursor: int | None) -> list[bytes]:
        if answer.content is not None:
            return [answer.content] if answer.content else []
        if answer.head in ("none", "part"):
            return []
        whole = play.case.call.recording
        pieces = answer.events.pieces(whole, cursor or 0)
        last = answer.events.last(whole, cursor or 0)
        play.sent = max(play.sent, min(last, whole.size))
        return pieces

    async def _administer(self, request: Request, writer: Writer) -> bool:
        match request.method, request.path:
            case "GET", "/faults/cases":
                first, last = int(request.query["from"]), int(request.query["to"])
                cases = {str(n): self._cases.find(str(n)) for n in range(first, last)}
                for key, case in cases.items():
                    self._plays[key] = Play(case, kept=True)
                told = (case.told() for case in cases.values())
                return await _write_lines(writer, told)
            case "POST", "/faults/results":
                for line in request.body.splitlines():
                    self._judge(json.loads(line))
                return await _write_json(writer, {})
            case "GET", "/faults/settled":
                return await _write_json(writer, {"serving": await self._settled()})
            case "GET", "/faults/report":
                return await _write_json(writer, self.report.as_json())
            case _:
                return await _write_json(writer, {"error": "no such path"}, 404)

    def _judge(self, seen: Mapping[str, Any]) -> None:
        key = str(seen["case"])
        case = self._cases.find(key)
        play = self._plays.pop(key, None) or Play(case)
        play.check_count()
        wrong = case.expectation.judge(seen)
        if play.wrong:
            wrong["requests"] = "; ".join(play.wrong)
        self.report.add(case.name, sum(b - a + 1 for a, b in seen["ranges"]))
        self._checks += 1
        loop = asyncio.get_running_loop()
        if play.serving:
            loop.call_later(_GRACE, self._conclude, key, play, wrong)
        else:
            self._conclude(key, play, wrong)

    def _conclude(self, key: str, play: Play, wrong: dict[Wrong, str]) -> None:
        self._checks -= 1
        if not self._checks:
            self._all_checked.set()
        if play.serving:
            wrong["leaked"] = f"{play.serving} connections are still open"
        if wrong:
            name = play.case.name
            self.report.fail(Failure(key, name, wrong, tuple(play.trace)))

    async def _settled(self) -> int:
        """Wait until all checks are made; how many answers are still being written."""
        if self._checks:
            self._all_checked.clear()
            await self._all_checked.wait()
        return sum(play.serving for play in self._plays.values())


def operation_of(request: Request) -> Operation:
    """What is asked for, by method and path."""
    if request.method == "GET":
        return "runs.events"
    return "runs.stream" if request.path.startswith("/v1/runs") else "messages.stream"


def cursor_of(request: Request) -> int | None:
    """The cursor that a request carries; None if it has none, or one that is no number.

    The query goes before the header, as in the API.
    """
    text = request.query.get("starting_after") or request.headers.get("last-event-id")
    return int(text) if text is not None and text.isdecimal() else None


async def _write_json(writer: Writer, value: Any, status: int = 200) -> bool:
    return await _write(writer, json.dumps(value).encode(), status)


async def _write_lines(writer: Writer, values: Iterable[Any]) -> bool:
    return await _write(
        writer, b"".join(json.dumps(v).encode() + b"\n" for v in values)
    )


async def _write(writer: Writer, content: bytes, status: int = 200) -> bool:
    answer = Answer(
        status=status,
        headers={"Content-Type": "application/json"},
        framing="length",
        pieces="whole",
    )
    return await writer.write(answer, [content], gzip=False, dice=0)


@contextlib.asynccontextmanager
async def serving(server: FaultServer, host: str, port: int) -> AsyncGenerator[str]:
    """Listen, and give the server's URL."""
    listening = await asyncio.start_server(server.serve, host, port, limit=1 << 20)
    address = listening.sockets[0].getsockname()
    shown = f"[{address[0]}]" if ":" in address[0] else address[0]
    try:
        yield f"http://{shown}:{address[1]}"
    finally:
        listening.close()
        await server.stop()
