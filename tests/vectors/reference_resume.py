"""A second reading of the rules of resuming, to check the vectors against.

It plays a vector's connections as bytes, decodes them with the second reading of the
event-stream rules, and shares nothing with the SDKs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.vectors.reference_errors import read_answer, read_event
from tests.vectors.reference_retry import backoff, is_throttled, retry_after
from tests.vectors.reference_sse import Event, interpret
from tests.vectors.vector_files import answer_body, joined, read_documents

Json = dict[str, Any]

RECORDINGS = read_documents("recordings")
KNOWN = {frame["event"] for body in RECORDINGS.values() for frame in body["frames"]}
HEARTBEATS = {"ping"}
TERMINAL = {"run_complete", "message_stop"}
TRIED_AGAIN = {408, 429, 500, 502, 503, 504}
UNREACHED = {"connect", "timeout_connect"}
PASSING = UNREACHED | {
    "end_of_body",
    "reset_before_first_byte",
    "reset_after_first_byte",
    "timeout_first_byte",
    "timeout_idle",
}
CUTS = {
    "clean": "end_of_body",
    "short": "end_of_body",
    "reset": "reset_after_first_byte",
    "idle": "timeout_idle",
    "total": "timeout_total",
}


def decide(
    failure: Json, policy: Json, *, attempt: int, random: float, now: float
) -> Json:
    """Whether a cut stream is taken up again, in the form of a vector's `expect`."""
    passes = failure["kind"] in PASSING or failure.get("status") in TRIED_AGAIN
    if not passes:
        return {"reattach": False, "reason": "final"}
    if attempt > policy["resume_attempts"]:
        return {"reattach": False, "reason": "attempts"}
    asked = retry_after(failure, now)
    if asked is None:
        throttled = failure["kind"] in UNREACHED or is_throttled(failure)
        delay = backoff(policy, attempt=attempt, random=random, throttled=throttled)
        return {"reattach": True, "delay_s": delay, "reason": "backoff"}
    if asked > policy["retry_after_cap_s"]:
        return {"reattach": False, "reason": "retry_after", "retry_after_s": asked}
    return {"reattach": True, "delay_s": asked, "reason": "retry_after"}


class Over(Exception):
    """The stream is at its end; `end` is the vector's `expect.end`."""

    def __init__(self, end: Json) -> None:
        super().__init__(end)
        self.end = end


@dataclass
class Position:
    """How far a stream has been read."""

    cursor: str | None
    run_id: str | None
    number: int = 0
    seen: int = 0
    progress: bool = False
    delivered: list[Any] = field(default_factory=list)

    def end(self, error: str, **more: Any) -> Over:
        """The end with an error that carries the cursor."""
        return Over({"error": error, "last_event_id": self.cursor, **more})

    def broken_off(self, error: str) -> Over:
        """The end with an error that also says how far the stream had come."""
        return self.end(error, events_seen=self.seen)


class Session:
    """One vector: the requests that are made and the events that are delivered."""

    def __init__(self, vector: Json, policy: Json) -> None:
        self.vector = vector
        self.call = vector["call"]
        self.policy = {"max_attempts": 3, **policy, **vector.get("policy", {})}
        self.numbered = self.call["operation"] != "messages.stream"
        self.options = vector.get("options", {})
        self.yields = self.options.get("broken_events") == "yield"
        self.requests: list[Json] = []
        seed = self._own_cursor()
        number = int(seed) if seed else 0
        run_id = self.call.get("path", {}).get("run_id")
        self.at = Position(cursor=seed, run_id=run_id, number=number)

    def play(self) -> Json:
        """Go through the connections and give what the vector calls `expect`."""
        connections = iter(self.vector["connections"])
        try:
            failure = self._open(connections)
            while True:
                failure = self._resume(connections, failure)
        except Over as over:
            end = over.end
        left = list(connections)
        assert left == [], "the vector has connections that nobody asks for"
        return {"requests": self.requests, "events": self.at.delivered, "end": end}

    def _open(self, connections: Iterator[Json]) -> Json:
        """Make the call by the rules of calls; give how its stream was cut."""
        for attempt in range(1, self.policy["max_attempts"] + 1):
            run_id = self.at.run_id
            self._ask(self.call["operation"], run_id, self._own_cursor(), attempt)
            connection = next(connections)
            if _is_stream(connection):
                return self._read(connection)
            failure = self._refused(connection, first=True)
            passes = failure["kind"] in UNREACHED or failure["status"] in TRIED_AGAIN
            if not passes or attempt == self.policy["max_attempts"]:
                raise self._api_error(connection)
        raise AssertionError("there is at least one attempt")

    def _resume(self, connections: Iterator[Json], cut: Json) -> Json:
        """Take the stream up again until it is cut anew; give how."""
        failure, attempt, last = cut, 0, None
        while True:
            attempt += 1
            self._check(failure, attempt, last)
            self._ask("runs.events", self.at.run_id, self.at.cursor, attempt)
            last = next(connections)
            if not _is_stream(last):
                failure = self._refused(last, first=False)
                continue
            self.at.progress = False
            failure = self._read(last)
            if self.at.progress:
                return failure

    def _check(self, failure: Json, attempt: int, last: Json | None) -> None:
        if failure["kind"] == "timeout_total":
            raise Over({"error": "APITimeoutError", "phase": "total"})
        if not self.numbered and failure["kind"] == "timeout_idle":
            raise Over({"error": "APITimeoutError", "phase": "idle"})
        if not self.numbered or self.at.run_id is None:
            raise self.at.broken_off("StreamTruncatedError")
        decision = decide(failure, self.policy, attempt=attempt, random=1, now=0)
        if decision["reattach"]:
            return
        if decision["reason"] == "attempts" or last is None:
            raise self.at.broken_off("StreamTruncatedError")
        raise self._api_error(last)

    def _ask(
        self, operation: str, run_id: str | None, cursor: str | None, attempt: int
    ) -> None:
        request: Json = {"operation": operation, "cursor": cursor}
        if operation == "runs.events":
            request["run_id"] = run_id
        self.requests.append({**request, "attempt": str(attempt)})

    def _own_cursor(self) -> str | None:
        headers = {**self.call.get("headers", {}), **self.options.get("headers", {})}
        header = {name.lower(): headers[name] for name in headers}.get("last-event-id")
        queries = {**self.call.get("query", {}), **self.options.get("query", {})}
        query: str | None = queries.get("starting_after")
        return header if query is None else query

    def _refused(self, connection: Json, *, first: bool) -> Json:
        """The failure that an answer without events stands for."""
        if "fails" in connection:
            return {"kind": connection["fails"]}
        of_resuming = not first or self.call["operation"] == "runs.events"
        if connection["status"] == 204 and of_resuming:
            raise (
                Over({"complete": True})
                if first
                else self.at.broken_off("StreamTruncatedError")
            )
        if connection["status"] in {200, 204}:
            # Its head says that it is no stream; a body that breaks off is not kept.
            whole = "frames" not in connection
            raw = answer_body(connection).decode() if whole else ""
            raise self.at.end("ResponseDecodeError", raw=raw)
        return {"kind": "status", **connection}

    def _api_error(self, connection: Json) -> Over:
        error = read_answer(connection, now=0)
        asked = error["retry_after_s"]
        more = {} if asked is None else {"retry_after_s": asked}
        return self.at.end(error["class"], code=error["code"], **more)

    def _read(self, connection: Json) -> Json:
        """Deliver the events of a connection; give how it was cut."""
        body = _bytes_of(connection, self.call["recording"])
        limits = self.vector.get("limits", {})
        result = interpret(body, line_limit=limits.get("line"))
        for frame in result.events:
            self._accept(frame)
        if result.error is not None:
            raise self.at.end("StreamLimitError")
        return {"kind": CUTS[connection["ends"]]}

    def _accept(self, frame: Event) -> None:
        event = _object(frame.data)
        if not frame.data and frame.event in HEARTBEATS:
            return
        if event is None:
            self._accept_broken(frame)
        elif event["type"] in HEARTBEATS:
            self.at.delivered.append("ping")
        else:
            self._accept_event(frame, event)

    def _accept_broken(self, frame: Event) -> None:
        if not self.yields:
            raise self.at.end("ResponseDecodeError", raw=frame.data)
        number = int(frame.id) if frame.has_id and frame.id.isdecimal() else None
        is_uncounted = self.numbered and number is None
        if is_uncounted or self._advance(frame, number if self.numbered else None):
            self.at.delivered.append({"broken": frame.data})

    def _accept_event(self, frame: Event, event: Json) -> None:
        self._recognise(event)
        number = event.get("sequence_number")
        counts = not self.numbered or number is not None
        if counts and not self._advance(frame, number):
            return
        if event["type"] == "error":
            error = read_event(event, "")
            raise self.at.end(error["class"], code=error["code"])
        self.at.delivered.append(self._shown(event, number))
        if event["type"] in TERMINAL:
            raise Over({"complete": True})

    def _recognise(self, event: Json) -> None:
        run_id = event.get("run_id")
        if self.at.run_id is None:
            self.at.run_id = run_id
        if run_id not in (None, self.at.run_id):
            raise self.at.broken_off("StreamForeignError")

    def _advance(self, frame: Event, number: int | None) -> bool:
        """Move to an event; False if it was seen."""
        at = self.at
        if number is None:
            at.cursor = frame.id or at.cursor
        elif number <= at.number:
            return False
        elif number > at.number + 1:
            raise at.broken_off("StreamGapError")
        else:
            at.number, at.cursor = number, str(number)
        at.seen += 1
        at.progress = True
        return True

    def _shown(self, event: Json, number: int | None) -> Any:
        if event["type"] not in KNOWN:
            return {"unknown": event["type"], "number": number}
        return self.at.seen if number is None else number


def _is_stream(connection: Json) -> bool:
    if "frames" not in connection:
        return False
    names = {name.lower(): text for name, text in connection.get("headers", {}).items()}
    kind: str = names.get("content-type", "text/event-stream")
    return kind.partition(";")[0].lower() == "text/event-stream"


def _object(text: str) -> Json | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _bytes_of(connection: Json, recording: str) -> bytes:
    name = connection.get("recording", recording)
    return b"".join(_frame_bytes(item, name) for item in connection["frames"])


def _frame_bytes(item: Any, recording: str) -> bytes:
    match item:
        case int():
            return _wire(_recorded(recording, item))
        case {"cut": number, "bytes": count}:
            return _wire(_recorded(recording, number))[:count]
        case {"rest": number, "bytes": count}:
            return _wire(_recorded(recording, number))[count:]
        case {"edited": number}:
            return _wire(_edited(_recorded(recording, number), item))
        case {"of": other, "frame": number}:
            return _wire(_recorded(other, number))
        case {"raw_parts": parts}:
            return joined(parts).encode()
        case _:
            raw: str = item["raw"]
            return raw.encode()


def _recorded(recording: str, number: int) -> Json:
    frame: Json = RECORDINGS[recording]["frames"][number - 1]
    return frame


def _edited(frame: Json, item: Json) -> Json:
    renamed: Json = {key: item[key] for key in ("event", "id") if key in item}
    event = {**json.loads(frame["data"]), **item.get("set", {})}
    return {**frame, **renamed, "data": json.dumps(event)}


def _wire(frame: Json) -> bytes:
    lines = [f"event: {frame['event']}\n"]
    if frame.get("id") is not None:
        lines.append(f"id: {frame['id']}\n")
    return "".join([*lines, f"data: {frame['data']}\n\n"]).encode()
