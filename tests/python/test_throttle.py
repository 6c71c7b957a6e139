"""A client that is told to holds itself back: requests at once, requests a second."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from headgate_sdk import (
    APIError,
    APITimeoutError,
    AsyncHeadgate,
    CancelToken,
    ConfigurationError,
    Headgate,
    RequestCancelledError,
    Throttle,
)
from headgate_sdk._runtime import throttle as module
from headgate_sdk._runtime.deadlines import Deadline
from headgate_sdk._runtime.network import run_now
from headgate_sdk._runtime.requests import Request
from headgate_sdk._runtime.settings import Timeouts
from headgate_sdk._runtime.throttle import BlockingThrottle, Pace
from tests.python.raw_server import (
    STALL,
    STREAM_HEAD,
    RawServer,
    answer,
    frame,
    raw_server,
)
from tests.python.samples import ASK, MESSAGE, message_body, message_events
from tests.python.shared_vectors import Case, check_keys, read_cases
from tests.python.test_calls import MODEL
from tests.python.test_retry_vectors import ScriptedNetwork
from tests.python.twins import FAST, KEY, TWINS, Twin

ONE = Throttle(in_flight=1)
FIRST = frame(message_events()[0])


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


@pytest.mark.parametrize("case", read_cases("throttle"), ids=lambda case: case.label)
def test_turns(case: Case) -> None:
    """Each turn is as far away as the vector says."""
    vector = case.vector
    check_keys(vector, "name", "note", "per_second", "burst", "asked_s", "waits_s")
    pace = Pace(vector["per_second"], vector["burst"])

    waits = [pace.turn(asked) for asked in vector["asked_s"]]

    assert waits == pytest.approx(vector["waits_s"], abs=1e-6)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"in_flight": 0}, "in_flight"),
        ({"per_second": 0}, "per_second"),
        ({"per_second": float("inf")}, "per_second"),
        ({"per_second": float("nan")}, "per_second"),
        ({"per_second": 1, "burst": 0}, "burst"),
    ],
)
def test_what_makes_no_sense_is_refused(options: Any, named: str) -> None:
    """A client that could never send anything is not made."""
    with pytest.raises(ConfigurationError, match=named):
        Throttle(**options)


class Crowd:
    """Counts the requests that a server answers at once, and holds each for a while."""

    def __init__(self) -> None:
        self.most = 0
        self.asked: list[str] = []
        self._here = 0
        self._lock = threading.Lock()

    @contextmanager
    def one_more(self, path: str) -> Iterator[None]:
        """Be one of them."""
        with self._lock:
            self.asked.append(path.rpartition("/")[2])
            self._here += 1
            self.most = max(self.most, self._here)
        time.sleep(0.02)
        yield
        with self._lock:
            self._here -= 1


@contextmanager
def crowded() -> Iterator[tuple[str, Crowd]]:
    """A server of models that tells how many it was asked for at once."""
    crowd = Crowd()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer with a model, while others are asked for."""
            with crowd.one_more(self.path):
                body = json.dumps(MODEL).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", crowd
        finally:
            server.shutdown()
            thread.join()


def all_at_once(twin: Twin, url: str, count: int, **settings: Any) -> None:
    """Ask for so many models in one go."""
    names = [f"m{number}" for number in range(count)]
    if twin.is_async:

        async def ask() -> None:
            async with AsyncHeadgate(base_url=url, api_key=KEY, **settings) as client:
                await asyncio.gather(*(client.models.get(name) for name in names))

        asyncio.run(ask())
        return
    with (
        Headgate(base_url=url, api_key=KEY, **settings) as client,
        ThreadPoolExecutor(count) as pool,
    ):
        list(pool.map(client.models.get, names))


def test_no_more_are_in_flight_than_allowed(twin: Twin) -> None:
    """Of many calls at once, so many are sent; each gets its answer in the end."""
    with crowded() as (url, crowd):
        all_at_once(twin, url, 8, throttle=Throttle(in_flight=2))

    assert crowd.most == 2
    assert sorted(crowd.asked) == [f"m{number}" for number in range(8)]


def test_without_a_throttle_all_go_at_once(twin: Twin) -> None:
    """The server sees more than two when nothing holds them back."""
    with crowded() as (url, crowd):
        all_at_once(twin, url, 8)

    assert crowd.most > 2


def test_who_waits_goes_in_the_order_of_the_calls() -> None:
    """Tasks that wait are served as they came."""
    with crowded() as (url, crowd):
        all_at_once(TWINS[1], url, 5, throttle=ONE)

    assert crowd.asked == ["m0", "m1", "m2", "m3", "m4"]


def test_an_attempt_leaves_its_place_to_the_next(twin: Twin) -> None:
    """A call that is repeated needs no second place."""
    with raw_server([answer(503, {})], [answer(200, MESSAGE)]) as server:
        message = twin.call(
            server.url, lambda client: client.messages.create(**ASK), throttle=ONE
        )

    assert message.id == "msg_1"
    assert len(server.requests) == 2


def test_an_error_leaves_its_place(twin: Twin) -> None:
    """After an answer that is an error, and one that never came, another call goes."""

    def failing(client: Any) -> Any:
        return client.messages.create(**ASK, options={"max_attempts": 1})

    async def one_after_another(url: str) -> Any:
        async with AsyncHeadgate(base_url=url, api_key=KEY, throttle=ONE) as client:
            with pytest.raises(APIError):
                await failing(client)
            return await client.messages.create(**ASK)

    with raw_server([answer(400, {})], [answer(200, MESSAGE)]) as server:
        if twin.is_async:
            message = asyncio.run(one_after_another(server.url))
        else:
            with Headgate(base_url=server.url, api_key=KEY, throttle=ONE) as client:
                with pytest.raises(APIError):
                    failing(client)
                message = client.messages.create(**ASK)

    assert message.id == "msg_1"


STREAMED = ([STREAM_HEAD, FIRST, STALL], [answer(200, MESSAGE)])
"""A stream that stays open, then an answer."""


@contextmanager
def one_place() -> Iterator[tuple[RawServer, Headgate]]:
    """A client that may send one request at once, and its server."""
    with (
        raw_server(*STREAMED) as server,
        Headgate(base_url=server.url, api_key=KEY, throttle=ONE) as client,
    ):
        yield server, client


SHORT: Any = {"timeouts": {"total": 0.2}, "max_attempts": 1}


def test_a_stream_keeps_its_place_until_it_is_closed() -> None:
    """A call beside it waits for as long as it may; after it the next one goes."""
    with one_place() as (server, client):
        with client.messages.stream(**ASK) as stream:
            next(iter(stream))
            with pytest.raises(APITimeoutError) as late:
                client.messages.create(**ASK, options=SHORT)
            asked = len(server.requests)
        message = client.messages.create(**ASK)

    assert (late.value.phase, asked, message.id) == ("total", 1, "msg_1")


def test_an_async_stream_keeps_its_place_until_it_ends() -> None:
    """The same for tasks; here the stream ends by itself."""
    scripts = [[STREAM_HEAD, message_body("Hello")], [answer(200, MESSAGE)]]

    async def run(url: str) -> tuple[APITimeoutError, Any]:
        async with AsyncHeadgate(base_url=url, api_key=KEY, throttle=ONE) as client:
            stream = client.messages.stream(**ASK)
            events = aiter(stream)
            await anext(events)
            with pytest.raises(APITimeoutError) as late:
                await client.messages.create(**ASK, options=SHORT)
            async for _ in events:
                pass
            return late.value, await client.messages.create(**ASK)

    with raw_server(*scripts) as server:
        late, message = asyncio.run(run(server.url))

    assert (late.phase, message.id) == ("total", "msg_1")


def test_who_waits_can_be_cancelled() -> None:
    """A token ends the wait with its reason, and the place goes to the next call."""
    with one_place() as (server, client):
        with client.messages.stream(**ASK) as stream:
            next(iter(stream))
            token = CancelToken()
            threading.Timer(0.05, token.cancel, ["no longer needed"]).start()
            with pytest.raises(RequestCancelledError) as cancelled:
                client.messages.create(**ASK, options={"cancel": token})
        message = client.messages.create(**ASK)

    assert cancelled.value.reason == "no longer needed"
    assert (len(server.requests), message.id) == (2, "msg_1")


def test_a_task_that_waits_can_be_cancelled() -> None:
    """By its token, and by itself; neither takes a place with it."""

    async def run(url: str) -> Any:
        async with AsyncHeadgate(base_url=url, api_key=KEY, throttle=ONE) as client:
            async with client.messages.stream(**ASK) as stream:
                await anext(aiter(stream))
                token = CancelToken()
                options: Any = {"cancel": token}
                first = asyncio.create_task(
                    client.messages.create(**ASK, options=options)
                )
                second = asyncio.create_task(client.messages.create(**ASK))
                await asyncio.sleep(0.05)
                token.cancel("no longer needed")
                second.cancel()
                ends = await asyncio.gather(first, second, return_exceptions=True)
            return ends, await client.messages.create(**ASK)

    with raw_server(*STREAMED) as server:
        ends, message = asyncio.run(run(server.url))

    assert [type(end) for end in ends] == [
        RequestCancelledError,
        asyncio.CancelledError,
    ]
    assert message.id == "msg_1"


def test_clients_of_a_scope_share_the_places(twin: Twin) -> None:
    """What a client in a scope has in flight counts for the client around it."""
    with crowded() as (url, crowd):
        if twin.is_async:

            async def ask() -> None:
                async with AsyncHeadgate(
                    base_url=url, api_key=KEY, throttle=ONE
                ) as client:
                    scoped = client.trace(session_id="s")
                    calls = [each.models.get("m") for each in (client, scoped)]
                    await asyncio.gather(*calls)

            asyncio.run(ask())
        else:
            with (
                Headgate(base_url=url, api_key=KEY, throttle=ONE) as client,
                ThreadPoolExecutor(2) as pool,
            ):
                scoped = client.trace(session_id="s")
                list(pool.map(lambda each: each.models.get("m"), (client, scoped)))

    assert (crowd.most, len(crowd.asked)) == (1, 2)


class StillClock:
    """A clock that stands, so that each wait is what the rate alone makes it."""

    @staticmethod
    def monotonic() -> float:
        """Give the one moment."""
        return 100.0


def test_every_attempt_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rate holds for each request that is sent, whichever call it belongs to."""
    monkeypatch.setattr(module, "time", StillClock)
    network = ScriptedNetwork(["200"] * 4)
    throttled = BlockingThrottle(network, Throttle(per_second=4, burst=2))
    request = Request(
        method="GET",
        url="http://gateway.test/v1/models",
        headers={},
        content=None,
        timeouts=Timeouts(),
        max_attempts=1,
        repeatable=True,
        attempt_header=None,
    )
    headers: Mapping[str, str] = {"X-Headgate-Attempt": "1"}
    for _ in range(4):
        waits = Deadline(None).waits(request.timeouts)
        run_now(throttled.send(request, headers, waits))

    assert [sent["wait_s"] for sent in network.attempts] == [0, 0, 0.25, 0.5]


def test_a_turn_beyond_the_deadline_is_a_timeout(twin: Twin) -> None:
    """Who would wait longer than the call may take is told so, and nothing is sent."""

    def twice(client: Any) -> Any:
        return client.models.get("m", options=SHORT)

    slow = Throttle(per_second=0.001)
    with crowded() as (url, crowd):
        if twin.is_async:

            async def ask() -> None:
                async with AsyncHeadgate(
                    base_url=url, api_key=KEY, retry=FAST, throttle=slow
                ) as client:
                    await twice(client)
                    with pytest.raises(APITimeoutError, match="total"):
                        await twice(client)

            asyncio.run(ask())
        else:
            with Headgate(
                base_url=url, api_key=KEY, retry=FAST, throttle=slow
            ) as client:
                twice(client)
                with pytest.raises(APITimeoutError, match="total"):
                    twice(client)

    assert crowd.asked == ["m"]


def test_events_of_a_throttled_stream_all_come(twin: Twin) -> None:
    """A stream that keeps a place is read as any other."""
    with raw_server([STREAM_HEAD, message_body("Hel", "lo")]) as server:
        make: Callable[[Any], Any] = lambda client: client.messages.stream(**ASK)  # noqa: E731 - one line, said once
        read = twin.read(server.url, make, throttle=ONE)

    assert read.error is None
    assert read.events[-1].type == "message_stop"
