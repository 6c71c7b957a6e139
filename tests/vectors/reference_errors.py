"""A second reading of the error rules, to check the vectors against.

The classes come from the specification's own file, the reading from the README.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.vectors.reference_retry import retry_after
from tests.vectors.vector_files import answer_body

Json = dict[str, Any]

TREE = Path(__file__).resolve().parents[2] / "spec" / "errors.yaml"
CLASSES: list[Json] = yaml.safe_load(TREE.read_text("utf-8"))["classes"]
PARENTS: dict[str, str] = {
    entry["name"]: entry.get("parent", "APIError") for entry in CLASSES
}
JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
}


def read_answer(vector: Json, *, now: float) -> Json:
    """The error of an answer, in the form of a vector's `expect`."""
    status = vector["status"]
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    error = _error_object(_decoded(answer_body(vector)))
    return _fields(
        error,
        status=status,
        request_id=headers.get("x-request-id"),
        fallback=f"the server answered with status {status}",
        retry_after_s=retry_after(
            {"headers": headers, "body_retry_after": _number(error, "retry_after")}, now
        ),
    )


def read_event(event: Json, request_id: str | None) -> Json:
    """The error of a stream's event, in the form of a vector's `expect`."""
    error = _error_object(event)
    return _fields(
        error,
        status=200,
        request_id=request_id,
        fallback="the stream ended with an error",
        retry_after_s=retry_after(
            {"body_retry_after": _number(error, "retry_after")}, 0
        ),
    )


def typed_details(name: str, details: Json) -> Json:
    """The details that a class has as fields, by name; None for those it lacks."""
    declared: Json = {}
    for entry in CLASSES:
        if entry["name"] in {name, PARENTS.get(name)}:
            declared |= entry.get("details", {})
    return {
        field: _typed_detail(schema, details.get(field))
        for field, schema in declared.items()
    }


def _fields(
    error: Json,
    *,
    status: int,
    request_id: str | None,
    fallback: str,
    retry_after_s: float | None,
) -> Json:
    code, kind = _text(error, "code"), _text(error, "type")
    retryable = error.get("retryable")
    details = error.get("details")
    message = _text(error, "message") or fallback
    param = _text(error, "param")
    request_id = _text(error, "request_id") or request_id
    return {
        "status": status,
        "class": _class(code, kind, status),
        "type": kind,
        "code": code,
        "message": message,
        "param": param,
        "request_id": request_id,
        "retryable": retryable if isinstance(retryable, bool) else None,
        "retry_after_s": retry_after_s,
        "details": details if isinstance(details, dict) else {},
        "shown": " ".join(
            part
            for part in (
                " ".join(part for part in (str(status), kind, code) if part) + ":",
                message,
                param and f'(field "{param}")',
                request_id and f"(request {request_id})",
            )
            if part
        ),
    }


def _class(code: str | None, kind: str | None, status: int) -> str:
    for key, value in (("code", code), ("type", kind), ("status", status)):
        for entry in CLASSES:
            if value in entry.get(key, []):
                name: str = entry["name"]
                return name
    return "APIError"


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _error_object(body: Any) -> Json:
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _text(error: Json, name: str) -> str | None:
    value = error.get(name)
    return value if isinstance(value, str) and value else None


def _number(error: Json, name: str) -> float | None:
    value = error.get(name)
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return value if numeric else None


def _typed_detail(schema: Json, value: Any) -> Any:
    kinds = JSON_TYPES.get(schema.get("type", ""), (dict,))
    fits = isinstance(value, kinds) and not isinstance(value, bool)
    return value if fits else None
