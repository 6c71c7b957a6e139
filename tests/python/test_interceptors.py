"""Interceptors see every attempt, and the log shows no secret."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from headgate_sdk import Attempt, Headgate, HeadgateError, HttpResponse, Interceptor
from tests.python.raw_server import (
    STALL,
    STREAM_HEAD,
    RawServer,
    answer,
    raw_server,
)
from tests.python.samples import ASK, ERROR, MESSAGE, message_body, run_end, run_events
from tests.python.twins import TWINS, Twin

CANARY = "canary-71c2b9-secret"


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


class Notes(Interceptor):
    """Writes down what it is told, and sends a header of its own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.told: list[str] = []

    def before_request(self, attempt: Attempt) -> None:
        """Note the attempt."""
        attempt.headers[f"x-{self.name}"] = str(attempt.number)
        self.told.append(f"request {attempt.number}")

    def after_response(self, attempt: Attempt, response: HttpResponse) -> None:
        """Note the answer."""
        self.told.append(f"response {response.status_code}")

    def on_retry(self, attempt: Attempt, error: HeadgateError, delay: float) -> None:
        """Note the repetition."""
        self.told.append(f"retry after {type(error).__name__}")

    def on_error(self, attempt: Attempt, error: HeadgateError) -> None:
        """Note the error."""
        self.told.append(f"error {type(error).__name__}")

    def on_stream_event(self, event: Any) -> None:
        """Note the event."""
        self.told.append(event.type)


def create(client):
    return client.messages.create(**ASK)


def test_all_attempts_are_seen_in_order(twin: Twin) -> None:
    """Each interceptor sees each attempt, and what it adds goes on the wire."""
    first, second = Notes("first"), Notes("second")
    scripts = [[answer(503, {})], [answer(200, MESSAGE)]]
    with raw_server(*scripts) as server:
        twin.call(server.url, create, interceptors=[first, second])

    expected = [
        *("request 1", "response 503", "retry after OverloadedError"),
        *("request 2", "response 200"),
    ]
    assert expected == first.told == second.told
    assert [each.headers["x-first"] for each in server.requests] == ["1", "2"]


def test_a_call_may_have_its_own(twin: Twin) -> None:
    """They see what the client's see, after them, in calls, raw calls and streams."""
    of_client, of_call = Notes("client"), Notes("call")
    own: Any = {"interceptors": [of_call]}
    given = [of_client]
    scripts = [[answer(503, {})], [answer(200, MESSAGE)]]
    with raw_server(*scripts, [answer(200, {})]) as server:
        twin.call(
            server.url,
            lambda c: c.messages.create(**ASK, options=own),
            interceptors=given,
        )
        twin.call(
            server.url, lambda c: c.get("/things", options=own), interceptors=given
        )
    with raw_server([STREAM_HEAD, run_end(1)]) as server:
        twin.read(
            server.url,
            lambda c: c.runs.events("run_1", options=own),
            interceptors=given,
        )

    expected = [
        *("request 1", "response 503", "retry after OverloadedError"),
        *("request 2", "response 200", "request 1", "response 200"),
        *("request 1", "response 200", "run_complete"),
    ]
    assert expected == of_client.told == of_call.told
    assert server.requests[0].headers["x-call"] == "1"


def test_other_calls_are_not_theirs() -> None:
    """What a call was given is forgotten after it."""
    notes = Notes("notes")
    own: Any = {"interceptors": [notes]}
    with (
        raw_server([answer(200, MESSAGE)], [answer(200, MESSAGE)]) as server,
        Headgate(base_url=server.url, api_key=CANARY) as client,
    ):
        client.messages.create(**ASK, options=own)
        create(client)

    assert notes.told == ["request 1", "response 200"]
    assert "x-notes" not in server.requests[1].headers


def test_a_final_error_is_seen(twin: Twin) -> None:
    """What the call raises is told before."""
    notes = Notes("notes")
    with (
        raw_server([answer(404, {"error": ERROR})]) as server,
        pytest.raises(HeadgateError),
    ):
        twin.call(server.url, create, interceptors=[notes])

    assert notes.told == ["request 1", "response 404", "error ConcurrentLimitError"]


def test_events_and_resuming_are_seen(twin: Twin) -> None:
    """A stream's events, its cut and its new connection are told."""
    notes = Notes("notes")
    with raw_server(
        [STREAM_HEAD, run_events(1, 2)], [STREAM_HEAD, run_end(3)]
    ) as server:
        twin.read(server.url, lambda c: c.runs.events("run_1"), interceptors=[notes])

    assert notes.told == [
        *("request 1", "response 200", "step_start", "step_start"),
        *("retry after StreamTruncatedError", "request 1", "response 200"),
        "run_complete",
    ]


class OwnError(Exception):
    """What an interceptor of the tests raises."""


class Failing(Interceptor):
    """Raises in one of its methods, whatever it is told."""

    def __init__(self, hook: str) -> None:
        def fail(*_: object) -> None:
            raise OwnError(hook)

        setattr(self, hook, fail)


UNFINISHED = answer(200, MESSAGE).replace(b"content-length: ", b"content-length: 9")
BROKEN_EVENT = b"event: message_start\ndata: {}\n\n"
BEHIND = {
    "before_request": [],
    "after_response": [[UNFINISHED, STALL]],
    "on_retry": [[answer(503, {"error": ERROR})]],
    "on_error": [[answer(404, {"error": ERROR})]],
}
"""What the server does before each of the hooks that a call has is called."""


@pytest.mark.parametrize("hook", BEHIND)
def test_what_a_hook_raises_ends_the_call(twin: Twin, hook: str) -> None:
    """It reaches the caller as it is, and nobody behind it is told of more."""
    notes = Notes("notes")
    with raw_server(*BEHIND[hook]) as server, pytest.raises(OwnError, match=hook):
        twin.call(server.url, create, interceptors=[Failing(hook), notes])

    told = {
        "before_request": [],
        "after_response": ["request 1"],
        "on_retry": ["request 1", "response 503"],
        "on_error": ["request 1", "response 404"],
    }
    assert notes.told == told[hook]
    assert len(server.requests) == len(BEHIND[hook])


def test_the_error_of_the_call_stays_as_context(twin: Twin) -> None:
    """Where `on_error` raises, the call's own error is still to be found."""
    with (
        raw_server([answer(404, {"error": ERROR})]) as server,
        pytest.raises(OwnError) as caught,
    ):
        twin.call(server.url, create, interceptors=[Failing("on_error")])

    assert isinstance(caught.value.__context__, HeadgateError)


def test_the_error_of_a_stream_stays_as_context(twin: Twin) -> None:
    """So it is with what a stream raises later."""
    with (
        raw_server([STREAM_HEAD, BROKEN_EVENT, STALL]) as server,
        pytest.raises(OwnError) as caught,
    ):
        twin.read(
            server.url,
            lambda c: c.messages.stream(**ASK),
            interceptors=[Failing("on_error")],
        )

    assert isinstance(caught.value.__context__, HeadgateError)


def freed(server: RawServer, error: Exception) -> bool:
    """Say whether an interceptor ended a call, and its connection with it."""
    return isinstance(error, OwnError) and server.closed_by_client.wait(5)


def test_an_answer_whose_hook_fails_is_closed(twin: Twin) -> None:
    """A call that `after_response` ends holds no connection of its client."""

    def blocking(server: RawServer, client: Any) -> bool:
        try:
            create(client)
        except OwnError as error:
            return freed(server, error)
        return False

    async def not_blocking(server: RawServer, client: Any) -> bool:
        try:
            await create(client)
        except OwnError as error:
            return freed(server, error)
        return False

    act = not_blocking if twin.is_async else blocking
    failing = [Failing("after_response")]
    with raw_server([UNFINISHED, STALL]) as server:
        is_freed = twin.call(server.url, lambda c: act(server, c), interceptors=failing)

    assert is_freed


@pytest.mark.parametrize("hook", ["after_response", "on_error", "on_stream_event"])
def test_a_stream_whose_hook_fails_is_closed(hook: str) -> None:
    """A loop over a stream that a hook ends holds no connection of its client."""
    begin = BROKEN_EVENT if hook == "on_error" else message_body("Hi")
    with (
        raw_server([STREAM_HEAD, begin, STALL]) as server,
        Headgate(
            base_url=server.url, api_key=CANARY, interceptors=[Failing(hook)]
        ) as client,
    ):
        with pytest.raises(OwnError, match=hook) as caught:
            client.messages.stream(**ASK).until_done()

        assert freed(server, caught.value)


def test_the_log_shows_no_secret(twin: Twin, caplog: pytest.LogCaptureFixture) -> None:
    """Keys, headers, URLs and what the server repeats of them are blotted out."""
    caplog.set_level(logging.DEBUG, logger="headgate_sdk")
    told = {**ERROR, "message": f"The key {CANARY} is unknown.", "code": "key_invalid"}
    scripts = [
        [answer(503, {}, set_cookie=f"session={CANARY}")],
        [answer(401, {"error": told}, x_echo=CANARY)],
    ]
    options: Any = {
        "headers": {"X-Api-Token": CANARY, "Cookie": CANARY},
        "query": {"access_token": CANARY},
        "provider_keys": {"openai": CANARY},
    }
    with raw_server(*scripts) as server, pytest.raises(HeadgateError):
        twin.call(
            server.url,
            lambda c: c.messages.create(**ASK, options=options),
            api_key=CANARY,
            admin_key=CANARY,
            provider_keys={"groq": CANARY},
        )

    written = [record.getMessage() for record in caplog.records]
    assert len(written) == 6
    assert [line for line in written if CANARY in line] == []
    assert any("[redacted]" in line for line in written)


def test_a_quiet_log_costs_no_line(
    twin: Twin, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is written where nobody asked for it."""
    caplog.set_level(logging.WARNING, logger="headgate_sdk")
    with raw_server([answer(503, {})], [STREAM_HEAD, message_body("Hi")]) as server:
        twin.read(server.url, lambda c: c.messages.stream(**ASK))

    assert caplog.records == []
