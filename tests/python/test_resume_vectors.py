"""Streams are cut and taken up again as the shared vectors state."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from headgate_sdk import AsyncHeadgate, Headgate, HeadgateError, ResponseDecodeError
from headgate_sdk._runtime.core import AsyncCore, SyncCore
from headgate_sdk._runtime.deadlines import Waits
from headgate_sdk._runtime.errors import APIConnectionError, APITimeoutError
from headgate_sdk._runtime.models import Unknown
from headgate_sdk._runtime.network import Reply
from headgate_sdk._runtime.requests import Request
from headgate_sdk._runtime.retry import RetryPolicy, Stop, decide_resume, failure_of
from tests.python.shared_vectors import FOLDER, Case, check_keys, read_cases, text_of
from tests.python.test_retry_vectors import KINDS as RETRY_KINDS
from tests.python.test_retry_vectors import Failure, failure_from

C = TypeVar("C", SyncCore, AsyncCore)

CASES = read_cases("resume")
DECISIONS = [case for case in CASES if case.file == "decisions"]
STREAMS = [case for case in CASES if case.file != "decisions"]
KINDS: dict[str, Any] = {
    **RETRY_KINDS,
    "timeout_first_byte": "silent",
    "timeout_idle": "silent",
    "end_of_body": "broken",
    "gap": "other",
    "foreign": "other",
    "limit": "other",
    "error_event": "other",
}
PATHS = {
    "runs.stream": "/v1/runs:stream",
    "runs.events": "/v1/runs/{}/events",
    "messages.stream": "/v1/messages",
}


@pytest.mark.parametrize("case", DECISIONS, ids=lambda case: case.label)
def test_decision(case: Case) -> None:
    """Whether a stream is taken up again, after how long, for which reason."""
    vector, expect = case.vector, case.vector["expect"]
    known = ["name", "note", "attempt", "policy", "failure", "random", "now"]
    check_keys(vector, *known, "expect")
    check_keys(expect, "reattach", "delay_s", "reason", "retry_after_s")
    values = {**case.shared["policy"], **vector.get("policy", {})}
    policy = RetryPolicy(
        base_delay=values["base_s"],
        throttled_base_delay=values["throttled_base_s"],
        max_delay=values["cap_s"],
        jitter=values["jitter"],
        max_retry_after=values["retry_after_cap_s"],
        resume_attempts=values["resume_attempts"],
    )
    kind = vector["failure"]["kind"]
    failure = (
        failure_from(vector["failure"], vector["now"])
        if kind == "status"
        else Failure(kind=KINDS[kind])
    )
    decision = decide_resume(
        failure, policy, attempt=vector["attempt"], random=vector["random"]
    )

    assert expect["reattach"] == (not isinstance(decision, Stop))
    if isinstance(decision, Stop):
        assert expect["reason"] == decision.reason
    else:
        assert expect["delay_s"] == pytest.approx(decision.delay, abs=1e-6)
        waits = "backoff" if failure.retry_after is None else "retry_after"
        assert expect["reason"] == waits
    if "retry_after_s" in expect:
        assert expect["retry_after_s"] == failure.retry_after


def test_every_error_is_a_kind_of_failure() -> None:
    """The SDK's own errors come to the decision as the kinds of the vectors."""
    phases = ("connect", "first_byte", "idle", "total")
    timeouts = [failure(f"timeout_{phase}") for phase in phases]
    kinds = [failure_of(error).kind for error in timeouts]

    assert kinds == ["connect", "silent", "silent", "other"]


# The network that a vector describes.


def recording(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        (FOLDER / "recordings" / f"{name}.json").read_text("utf-8")
    )
    return document


def frame_bytes(frame: dict[str, Any]) -> bytes:
    lines = [f"event: {frame['event']}"]
    lines += [f"id: {frame['id']}"] if frame.get("id") is not None else []
    return "\n".join([*lines, f"data: {frame['data']}", "", ""]).encode()


def bytes_of(frame: Any, name: str) -> bytes:
    """The bytes of a frame of a connection that plays the recording of that name."""
    if isinstance(frame, int):
        return frame_bytes(recording(name)["frames"][frame - 1])
    check_keys(
        frame,
        *["cut", "rest", "bytes", "edited", "event", "id", "set", "of", "frame"],
        *["raw", "raw_parts"],
    )
    if "raw" in frame or "raw_parts" in frame:
        return text_of(frame, "raw").encode()
    if "of" in frame:
        return bytes_of(frame["frame"], frame["of"])
    if "cut" in frame:
        return bytes_of(frame["cut"], name)[: frame["bytes"]]
    if "rest" in frame:
        return bytes_of(frame["rest"], name)[frame["bytes"] :]
    return frame_bytes(_edited(frame, recording(name)["frames"][frame["edited"] - 1]))


def _edited(frame: dict[str, Any], original: dict[str, Any]) -> dict[str, Any]:
    changes = {key: frame[key] for key in ("event", "id") if key in frame}
    data = {**json.loads(original["data"]), **frame.get("set", {})}
    return {**original, **changes, "data": json.dumps(data)}


class ScriptedNetwork:
    """Plays a vector's connections; waits take no time."""

    def __init__(self, vector: dict[str, Any]) -> None:
        self.connections: list[Any] = list(vector["connections"])
        self.recording: str = vector["call"]["recording"]
        self.requests: list[tuple[Request, Mapping[str, str]]] = []
        self.open_replies = 0

    async def send(
        self, request: Request, headers: Mapping[str, str], waits: Waits
    ) -> Reply:
        """Give the next connection's answer."""
        self.requests.append((request, headers))
        connection = self.connections.pop(0)
        known = ["fails", "status", "headers", "json", "body", "frames", "ends"]
        check_keys(connection, *known, "recording")
        if "fails" in connection:
            raise failure(connection["fails"])
        return ScriptedReply(connection, self)

    async def sleep(self, seconds: float, cancel: Any = None) -> None:
        """Wait in no time."""

    async def close(self) -> None:
        """Have nothing to close."""


class ScriptedReply:
    """An answer of a vector's connection, a frame a chunk."""

    def __init__(self, connection: dict[str, Any], network: ScriptedNetwork) -> None:
        self._network = network
        self._ends = connection.get("ends", "clean")
        self.status_code = connection["status"]
        stream = {"Content-Type": "text/event-stream"} if "frames" in connection else {}
        headers = {"X-Request-ID": "req_1", **stream, **connection.get("headers", {})}
        self.headers = httpx2.Headers(headers)
        self._chunks = self._pieces(connection)
        network.open_replies += 1

    def _pieces(self, connection: dict[str, Any]) -> Iterator[bytes]:
        if "json" in connection:
            yield json.dumps(connection["json"]).encode()
        if "body" in connection:
            yield connection["body"].encode()
        name = connection.get("recording", self._network.recording)
        for frame in connection.get("frames", []):
            yield bytes_of(frame, name)

    async def chunk(self) -> bytes:
        """Give the next frame, then end as the vector says."""
        piece = next(self._chunks, None)
        if piece is not None:
            return piece
        if self._ends == "clean":
            return b""
        if self._ends in {"short", "reset"}:
            raise failure("reset_after_first_byte")
        raise failure(f"timeout_{self._ends}")

    async def close(self) -> None:
        """Count that the connection was freed."""
        self._network.open_replies -= 1


def failure(kind: str) -> APIConnectionError:
    timeouts: dict[str, Any] = {
        "timeout_connect": "connect",
        "timeout_first_byte": "first_byte",
        "timeout_idle": "idle",
        "timeout_total": "total",
    }
    if kind in timeouts:
        return APITimeoutError(timeouts[kind], connected=kind != "timeout_connect")
    return APIConnectionError(kind, connected=kind != "connect")


# What the SDK makes of it.


def stream_of(client: Any, vector: dict[str, Any]) -> Any:
    """Make the call of a vector."""
    call = vector["call"]
    known = ["operation", "path", "query", "headers", "idempotency_key", "recording"]
    check_keys(call, *known)
    options: dict[str, Any] = {**vector.get("options", {})}
    check_keys(options, "broken_events", "query", "headers")
    if "headers" in call:
        options["headers"] = call["headers"]
    if "idempotency_key" in call:
        options["idempotency_key"] = call["idempotency_key"]
    ask: Any = {"model": "mock/script", "messages": [{"role": "user", "content": "Hi"}]}
    match call["operation"]:
        case "messages.stream":
            return client.messages.stream(**ask, options=options)
        case "runs.stream":
            return client.runs.stream(request=ask, options=options)
        case "runs.events":
            query = call.get("query", {})
            return client.runs.events(call["path"]["run_id"], **query, options=options)
    raise AssertionError(call["operation"])


def settings_of(vector: dict[str, Any]) -> dict[str, Any]:
    policy = vector.get("policy", {})
    check_keys(policy, "resume_attempts", "max_attempts")
    limits = vector.get("limits", {})
    check_keys(limits, "line")
    check_keys(vector.get("timeouts", {}), "idle_s")
    attempts = policy.get("resume_attempts", RetryPolicy().resume_attempts)
    return {
        "base_url": "http://gateway.test",
        "api_key": "k",
        "retry": RetryPolicy(resume_attempts=attempts),
        "max_attempts": policy.get("max_attempts"),
        "stream_limits": limits,
    }


def over(network: ScriptedNetwork, client: Any, core: type[C]) -> C:
    """What makes the calls of a client, over a network that plays a part."""
    return core(network, client._builder, retry=client._retry, interceptors=())


def read(network: ScriptedNetwork, vector: dict[str, Any], *, is_async: bool) -> Any:
    """The events that a stream delivers, its error, and what it folds to."""
    if is_async:
        return asyncio.run(_read_async(network, vector))
    events: list[Any] = []
    client = Headgate(**settings_of(vector))
    client._made = over(network, client, SyncCore)
    stream = stream_of(client, vector)
    try:
        for event in stream:
            events += [event]
        final = stream.final() if "final" in vector["expect"] else None
    except HeadgateError as error:
        return events, error, None
    return events, None, final


async def _read_async(network: ScriptedNetwork, vector: dict[str, Any]) -> Any:
    events: list[Any] = []
    client = AsyncHeadgate(**settings_of(vector))
    client._made = over(network, client, AsyncCore)
    stream = stream_of(client, vector)
    try:
        async for event in stream:
            events += [event]
        final = await stream.final() if "final" in vector["expect"] else None
    except HeadgateError as error:
        return events, error, None
    return events, None, final


def told(event: Any, names: list[str], place: int) -> Any:
    """An event as the vectors write it."""
    if isinstance(event, ResponseDecodeError):
        return {"broken": event.raw}
    number = getattr(event, "sequence_number", None)
    if isinstance(event, Unknown):
        return {"unknown": event.type, "number": number}
    if event.type == "ping":
        return "ping"
    return number if number is not None else names.index(event.type, place) + 1


def events_told(events: list[Any], vector: dict[str, Any]) -> list[Any]:
    names = [each["event"] for each in recording(vector["call"]["recording"])["frames"]]
    found: list[Any] = []
    for event in events:
        places = [each for each in found if isinstance(each, int)]
        found.append(told(event, names, places[-1] if places else 0))
    return found


def request_told(request: Request, headers: Mapping[str, str]) -> dict[str, Any]:
    url = urlsplit(request.url)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    sent = {name.lower(): value for name, value in headers.items()}
    cursor = query.pop("starting_after", None) or sent.get("last-event-id")
    parts = url.path.split("/")
    names = {path: name for name, path in PATHS.items()}
    is_events = url.path.endswith("/events")
    return {
        "operation": "runs.events" if is_events else names[url.path],
        "run_id": parts[3] if is_events else None,
        "attempt": sent["x-headgate-attempt"],
        "cursor": cursor,
        "query": query,
        "headers": sent,
    }


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("case", STREAMS, ids=lambda case: case.label)
def test_stream(case: Case, *, is_async: bool) -> None:
    """Requests, events, the end and the final object are those of the vector."""
    vector, expect = case.vector, case.vector["expect"]
    check_keys(
        vector,
        *["name", "note", "bug", "call", "connections", "expect", "policy", "options"],
        *["limits", "timeouts", "reader"],
    )
    check_keys(expect, "requests", "events", "final", "end")
    network = ScriptedNetwork(vector)
    events, error, final = read(network, vector, is_async=is_async)

    assert expect["events"] == events_told(events, vector)
    check_end(expect["end"], error)
    check_requests(expect["requests"], network)
    assert network.connections == []
    assert network.open_replies == 0
    if "final" in expect:
        document = recording(expect["final"])
        whole = json.loads(document["frames"][-1]["data"]).get("result")
        assert whole is None or whole == final.to_dict()


def check_end(end: dict[str, Any], error: Any) -> None:
    fields = ["code", "events_seen", "last_event_id", "phase", "raw", "retry_after_s"]
    check_keys(end, "complete", "error", *fields)
    if "complete" in end:
        assert error is None
        return
    assert end["error"] == type(error).__name__
    for name in set(end) - {"error"}:
        assert end[name] == getattr(error, name.removesuffix("_s")), name


def check_requests(wanted: list[dict[str, Any]], network: ScriptedNetwork) -> None:
    assert len(wanted) == len(network.requests)
    for each, (request, headers) in zip(wanted, network.requests, strict=True):
        known = ["operation", "run_id", "attempt", "cursor", "query", "headers"]
        check_keys(each, *known)
        found = request_told(request, headers)
        for name in set(each) - {"headers", "query"}:
            assert each[name] == found[name], name
        assert _texts(each.get("query", {})) == found["query"]
        for name, value in each.get("headers", {}).items():
            assert value == found["headers"].get(name.lower()), name


def _texts(query: dict[str, Any]) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in query.items()
    }
