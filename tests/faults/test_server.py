"""The fault server does to a connection what its scripts say."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from headgate.faults import Cases, FaultServer, serving
from headgate.faults.cases import BY_NAME, SHARES
from headgate.faults.draws import Call, Case, Draw, sent
from headgate.faults.expectation import Outcome
from headgate.faults.recordings import recording
from headgate.faults.script import Answer, Coding, End, Events, Framing, Head, Pieces

RUN = Call("runs.stream", recording("run", "text"))
WHOLE = b"".join(event.raw for event in RUN.recording.events)
THREE = b"".join(event.raw for event in RUN.recording.events[:3])


@dataclass(frozen=True)
class Raw:
    """What came over a socket, and how it ended."""

    head: bytes
    body: bytes
    reset: bool


class Played(Cases):
    """One case, whatever its key."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        draw = Draw(1, 0, "by-hand")
        self._case = draw.case(RUN, answers, RUN.whole())

    def find(self, key: str, operation: object = None) -> Case:
        """The one case."""
        return self._case


@asynccontextmanager
async def connected(
    url: str,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def request(path: str = "/v1/runs:stream", headers: str = "") -> bytes:
    method = "GET" if path.endswith("events") or "?" in path else "POST"
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nX-Fault-Case: 0\r\n{headers}"
    return f"{head}Connection: close\r\nContent-Length: 0\r\n\r\n".encode()


async def asked(server: FaultServer, sent_bytes: bytes) -> Raw:
    """Send a request to a server that is there for it alone."""
    async with serving(server, "127.0.0.1", 0) as url:
        return await exchanged(url, sent_bytes)


async def exchanged(url: str, sent_bytes: bytes, within: float = 1) -> Raw:
    """Send a request and read until the server closes, or is silent."""
    received = bytearray()
    reset = False
    async with connected(url) as (reader, writer):
        writer.write(sent_bytes)
        try:
            async with asyncio.timeout(within):
                while piece := await reader.read(65536):
                    received += piece
        except ConnectionResetError:
            reset = True
        except TimeoutError:
            pass
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    return Raw(head, body, reset)


def unchunked(body: bytes) -> bytes:
    """The content of a body that is chunked and whole."""
    content = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        content += body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]
    return content


async def test_the_healthy_answer_is_the_recording() -> None:
    """Chunked, typed, and byte for byte."""
    raw = await asked(FaultServer(Played()), request())

    assert b"Content-Type: text/event-stream" in raw.head
    assert unchunked(raw.body) == WHOLE


async def test_the_cursor_says_where_to_begin() -> None:
    """A request for the events after 3 gets those from 4 on."""
    path = f"/v1/runs/{RUN.recording.run_id}/events?starting_after=3"
    raw = await asked(FaultServer(Played()), request(path))

    assert unchunked(raw.body) == WHOLE.removeprefix(THREE)


@pytest.mark.parametrize("framing", ["length", "close"])
async def test_a_cut_is_clean_when_the_framing_says_so(framing: Framing) -> None:
    """The body is the first three events and ten bytes, by a length or by closing."""
    answer = Answer(events=sent(3, 10), framing=framing)
    raw = await asked(FaultServer(Played(answer)), request())

    assert raw.body == WHOLE[: len(THREE) + 10]
    assert not raw.reset


@pytest.mark.parametrize(
    ("end", "tail", "reset"),
    [
        ("fin", b"\r\n", False),
        ("reset", b"\r\n", True),
        ("short", b"\r\n40\r\nevent: s", False),
        ("garbage", b"\r\nzz\r\nno chunk\r\n", False),
        ("clean", b"\r\n0\r\n\r\n", False),
    ],
)
async def test_a_chunked_body_ends_as_told(
    end: End, tail: bytes, *, reset: bool
) -> None:
    """After the last byte of the script comes what the end says."""
    answer = Answer(events=sent(3), end=end, pieces="whole")
    raw = await asked(FaultServer(Played(answer)), request())

    assert raw.body.endswith(THREE[-20:] + tail)
    assert raw.reset == reset


@pytest.mark.parametrize(("end", "difference"), [("short", 100), ("overrun", -24)])
async def test_content_length_lies(end: End, difference: int) -> None:
    """It promises 100 bytes too many, or the body goes on beyond it."""
    answer = Answer(events=sent(3), end=end, framing="length")
    raw = await asked(FaultServer(Played(answer)), request())
    lines = raw.head.decode().split("\r\n")
    promised = next(int(line[15:]) for line in lines if line.startswith("Content-L"))

    assert promised - len(raw.body) == difference


async def test_a_stall_lasts_until_the_client_leaves() -> None:
    """The connection stays open, and the server notices when it closes."""
    server = FaultServer(Played(Answer(events=sent(3), end="stall")))
    raw = await asked(server, request())

    assert raw.body.endswith(THREE[-20:] + b"\r\n")
    assert not raw.reset
    told = {"case": "0", "ranges": [[1, 3]], "ending": "hung", "digest": ""}
    assert await posted(server, told) == {"serving": 0}


@pytest.mark.parametrize(
    ("head", "begins"),
    [
        ("none", b""),
        ("part", b"HTTP/1.1 200 OK\r\n"),
        ("slow", b"HTTP/1.1 200 OK\r\n"),
        ("hints", b"HTTP/1.1 103 Early Hints"),
    ],
)
async def test_a_head_comes_as_told(head: Head, begins: bytes) -> None:
    """Not at all, in part, slowly, or after an informational one."""
    answer = Answer(head=head, end="fin")
    raw = await asked(FaultServer(Played(answer)), request())

    assert raw.head.startswith(begins)
    assert bool(raw.head) == bool(begins)
    assert bool(raw.body) == (head in ("slow", "hints"))


@pytest.mark.parametrize("coding", ["gzip", "cut", "corrupt"])
async def test_compression_is_for_those_who_accept_it(coding: Coding) -> None:
    """Without the request's word the body is plain, and whole."""
    server = FaultServer(Played(Answer(coding=coding), Answer(coding=coding)))
    plain = await asked(server, request())
    packed = await asked(server, request(headers="Accept-Encoding: gzip\r\n"))

    assert unchunked(plain.body) == WHOLE
    assert b"Content-Encoding: gzip" in packed.head
    assert unchunked(packed.body).startswith(b"\x1f\x8b")


@pytest.mark.parametrize("pieces", ["events", "whole", "some", "bytes"])
async def test_pieces_join_to_the_whole(pieces: Pieces) -> None:
    """However the bytes are cut into writes, they are the same bytes."""
    raw = await asked(FaultServer(Played(Answer(pieces=pieces))), request())

    assert unchunked(raw.body) == WHOLE


async def test_events_are_edited_as_told() -> None:
    """An event can be left out, repeated, or replaced by any bytes."""
    events = Events(count=3, instead={1: (), 2: (2, 2), 3: (b"data: x\n\n",)})
    raw = await asked(FaultServer(Played(Answer(events=events))), request())

    second = RUN.recording.events[1].raw
    assert unchunked(raw.body) == second + second + b"data: x\n\n"


async def posted(server: FaultServer, result: dict[str, Any]) -> Any:
    """Report a result and wait until it is judged."""
    async with serving(server, "127.0.0.1", 0) as url:
        return await reported(url, result)


async def reported(url: str, result: dict[str, Any]) -> Any:
    """Likewise, to a server that is up."""
    lines = json.dumps(result).encode()
    head = f"POST /faults/results HTTP/1.1\r\nContent-Length: {len(lines)}\r\n"
    close = b"Connection: close\r\n\r\n"
    await exchanged(url, head.encode() + close + lines)
    settled = b"GET /faults/settled HTTP/1.1\r\n" + close
    raw = await exchanged(url, settled, within=20)
    return json.loads(raw.body)


def right(cases: Cases, key: str) -> dict[str, Any]:
    """What a client without fault reports of a case."""
    case = cases.find(key)
    outcome = case.expectation.outcomes[0]
    count, first = outcome.most, case.call.cursor + 1
    return {
        "case": key,
        "ranges": [[first, first + count - 1]] if count else [],
        "digest": case.call.recording.digest(first, count),
        "ending": outcome.ending,
        "phase": outcome.phase,
    }


WRONGS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "lost": lambda told: {**told, "ranges": [[1, 2], [4, told["ranges"][0][1]]]},
    "duplicated": lambda told: {**told, "ranges": [[1, 3], *told["ranges"]]},
    "hung": lambda told: {**told, "ending": "hung"},
    "ending": lambda told: {**told, "ending": "ValueError"},
    "content": lambda told: {**told, "digest": "0" * 16},
}


@pytest.mark.parametrize("wrong", WRONGS)
def test_the_judge_sees_what_is_wrong(wrong: str) -> None:
    """What a good client reports is right; each way of being wrong is named."""
    case = Played().find("0")
    told = right(Played(), "0")

    assert case.expectation.judge(told) == {}
    assert set(case.expectation.judge(WRONGS[wrong](told))) == {wrong}


def test_the_judge_counts_what_comes_too_early_or_late() -> None:
    """A stream that ends before its events, or brings more than there are, is wrong."""
    expectation = Played().find("0").expectation
    short = replace(expectation, outcomes=(Outcome.exactly("complete", 30),))
    long = replace(expectation, outcomes=(Outcome.exactly("complete", 3),))

    assert set(short.judge(right(Played(), "0"))) == {"lost"}
    assert set(long.judge(right(Played(), "0"))) == {"duplicated"}


async def test_a_client_that_asks_wrongly_is_told_on() -> None:
    """A POST too many and a cursor that is ahead are wrong requests."""
    server = FaultServer(Played(Answer(events=sent(3)), Answer(events=sent(3))))
    await asked(server, request())
    await asked(server, request())
    ahead = f"/v1/runs/{RUN.recording.run_id}/events?starting_after=9"
    await asked(server, request(ahead))
    await posted(server, right(Played(), "0"))

    assert server.report.failures[0].wrong == {
        "requests": "POST number 2; resumed after 9, 3 events were sent"
    }


@pytest.mark.parametrize(
    ("asked_for", "wrong"),
    [
        ("", "resumed after None, 2 were delivered"),
        ("?starting_after=2", None),
        ("?starting_after=3", "resumed after 3, 2 were delivered"),
    ],
)
async def test_who_says_what_was_delivered_resumes_after_it(
    asked_for: str, wrong: str | None
) -> None:
    """Of three events that were sent two came: the cursor is that of the second."""
    server = FaultServer(Played(Answer(events=sent(3))))
    await asked(server, request(headers="X-Fault-Delivered: 0\r\n"))
    again = f"/v1/runs/{RUN.recording.run_id}/events{asked_for}"
    await asked(server, request(again, "X-Fault-Delivered: 2\r\n"))
    await posted(server, right(Played(), "0"))

    found = [failure.wrong for failure in server.report.failures]
    assert found == ([{"requests": wrong}] if wrong else [])


async def test_who_was_given_nothing_has_no_cursor() -> None:
    """What was sent is no matter where nothing of it came."""
    server = FaultServer(Played(Answer(events=sent(3))))
    await asked(server, request(headers="X-Fault-Delivered: 0\r\n"))
    path = f"/v1/runs/{RUN.recording.run_id}/events"
    await asked(server, request(path, "X-Fault-Delivered: 0\r\n"))
    await posted(server, right(Played(), "0"))

    assert server.report.failures == []


async def test_a_case_of_a_campaign_waits_for_its_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However long its client takes; any other case begins anew."""
    monkeypatch.setattr("headgate.faults.server._IDLE", 0.0)
    server = FaultServer(Played(Answer(events=sent(3))))
    lengths = []
    for handed_out in (b"", b"GET /faults/cases?from=0&to=1 HTTP/1.1\r\n\r\n"):
        if handed_out:
            await asked(server, handed_out)
        raws = [await asked(server, request()) for _ in range(2)]
        lengths.append([len(unchunked(raw.body)) for raw in raws])

    assert lengths == [[len(THREE)] * 2, [len(THREE), len(WHOLE)]]


async def test_a_connection_that_stays_open_is_a_leak() -> None:
    """Who reports a case and keeps reading its stalled stream leaks."""
    server = FaultServer(Played(Answer(events=sent(3), end="stall")))
    async with (
        serving(server, "127.0.0.1", 0) as url,
        connected(url) as (reader, writer),
    ):
        writer.write(request())
        await reader.readuntil(THREE[-20:])
        await reported(url, right(Played(), "0"))

    assert set(server.report.failures[0].wrong) == {"leaked"}


def test_a_seed_and_a_number_are_a_case() -> None:
    """The same gives the same, another seed or number something else."""
    told = [Cases(1).find(str(number)).told() for number in range(200)]

    assert told == [Cases(1).find(str(number)).told() for number in range(200)]
    assert told != [Cases(2).find(str(number)).told() for number in range(200)]
    assert len({json.dumps({**one, "case": 0}) for one in told}) > 20


@pytest.mark.parametrize("name", BY_NAME)
def test_every_scenario_can_be_made_many_times(name: str) -> None:
    """Whatever the dice say, a case has outcomes within its recording."""
    for number in range(300):
        case = Cases(3).find(f"{name}/{number}")
        sizes = [o.most for o in case.expectation.outcomes]

        assert case.name == name
        assert 0 <= min(sizes) <= max(sizes) <= case.call.left


def test_every_scenario_comes_up() -> None:
    """In 10,000 cases each scenario is played."""
    names = {Cases(1).find(str(number)).name for number in range(10_000)}

    assert names == {scenario.__name__.replace("_", "-") for scenario in SHARES}
