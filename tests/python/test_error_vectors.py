"""The SDK's errors say what the shared vectors state."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

import httpx2
import pytest

import headgate_sdk
from headgate_sdk import APIError
from headgate_sdk._errors import ERRORS
from headgate_sdk._product import PRODUCT
from headgate_sdk._runtime.models import HttpResponse
from headgate_sdk._runtime.reader import EventReader
from headgate_sdk._runtime.retry import retry_after
from headgate_sdk.streams.message import MESSAGE_SHAPE
from headgate_sdk.streams.run import RUN_SHAPE
from tests.python.shared_vectors import Case, check_keys, read_cases, text_of

CASES = read_cases("errors")
ANSWERS = [case for case in CASES if case.file not in {"streams", "tree"}]
STREAMS = [case for case in CASES if case.file == "streams"]
TREE = [case for case in CASES if case.file == "tree"]
SHAPES = {"message": MESSAGE_SHAPE, "run": RUN_SHAPE}
EXPECTED = ["status", "class", "type", "code", "message", "param", "request_id"]
MORE = ["retryable", "retry_after_s", "details", "fields", "body", "shown"]
ANSWER = ["name", "note", "status", "headers", "expect", "now"]


def told(error: APIError, expect: dict[str, Any]) -> dict[str, Any]:
    """What an error says, by the keys of a vector's expectation."""
    check_keys(expect, *EXPECTED, *MORE)
    found = {
        "status": error.status_code,
        "class": type(error).__name__,
        "type": error.type,
        "code": error.code,
        "message": error.message,
        "param": error.param,
        "request_id": error.request_id,
        "retryable": error.retryable,
        "retry_after_s": error.retry_after,
        "details": error.details,
        "body": error.body,
        "shown": str(error),
        "fields": {
            name: _plain(getattr(error, name)) for name in expect.get("fields", {})
        },
    }
    return {key: found[key] for key in expect}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def content_of(vector: dict[str, Any]) -> bytes:
    if "json" in vector:
        return json.dumps(vector["json"]).encode()
    if "body_base64" in vector:
        return base64.b64decode(vector["body_base64"])
    return text_of(vector, "body").encode()


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case.label)
def test_answer(case: Case) -> None:
    """An answer that refuses becomes this error."""
    vector = case.vector
    check_keys(vector, *ANSWER, "json", "body", "body_parts", "body_base64")
    headers = httpx2.Headers(vector["headers"])
    error = ERRORS.refused(
        status=vector["status"],
        headers=headers,
        content=content_of(vector),
        request_id=headers.get(PRODUCT.request_id_header or ""),
        retry_after=retry_after(headers, vector.get("now", 0)),
    )

    assert vector["expect"] == told(error, vector["expect"])


@pytest.mark.parametrize("case", STREAMS, ids=lambda case: case.label)
def test_stream(case: Case) -> None:
    """An error event becomes this error, with the event's place in the stream.

    It is the first of an answer that goes on where the one before it ended.
    """
    vector = case.vector
    check_keys(vector, *ANSWER, "stream", "event", "last_event_id")
    headers = httpx2.Headers(vector["headers"])
    event = vector["event"]
    number = event.get("sequence_number")
    cursor = None if number is None else str(number - 1)
    reader = EventReader(SHAPES[vector["stream"]], ERRORS, cursor=cursor)
    reader.connect(
        HttpResponse(
            status_code=vector["status"],
            headers=headers,
            request_id=headers.get(PRODUCT.request_id_header or ""),
        )
    )
    frame = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
    given = list(reader.read(frame.encode()))
    error = reader.error

    assert given == []
    assert isinstance(error, APIError)
    assert vector["expect"] == told(error, vector["expect"])
    assert vector["last_event_id"] == error.last_event_id


@pytest.mark.parametrize("case", TREE, ids=lambda case: case.label)
def test_tree(case: Case) -> None:
    """A class derives from these."""
    check_keys(case.vector, "name", "note", "class", "parents")
    kind = getattr(headgate_sdk, case.vector["class"])
    parents = [each.__name__ for each in kind.__mro__[1:]]

    assert case.vector["parents"] == parents[: parents.index("APIError") + 1]


def test_nothing_to_show_leaves_no_colon() -> None:
    """An error about nothing that could be shown ends with what it says."""
    error = headgate_sdk.ResponseDecodeError("no event", raw="")

    assert str(error) == "no event"
