"""Reads `spec/vectors/sse`, as its README describes the files."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.vectors.reference_sse import Event

FOLDER = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "sse"


@dataclass(frozen=True)
class Vector:
    """One vector with its shorthand (parts, times, base64) expanded."""

    label: str
    body: bytes
    line_limit: int | None
    event_limit: int | None
    events: tuple[Event, ...]
    last_event_id: str
    retry: int | None
    error: str | None


def read_documents() -> dict[str, Any]:
    """Every file's decoded JSON by its stem."""
    return {
        path.stem: json.loads(path.read_text("utf-8"))
        for path in sorted(FOLDER.glob("*.json"))
    }


def read_vectors() -> list[Vector]:
    """Every vector of every class, in the files' order."""
    return [
        _vector(document["class"], raw)
        for document in read_documents().values()
        for raw in document["vectors"]
    ]


def _vector(class_name: str, raw: dict[str, Any]) -> Vector:
    limits = raw.get("limits", {})
    return Vector(
        label=f"{class_name}/{raw['name']}",
        body=_body(raw),
        line_limit=limits.get("line"),
        event_limit=limits.get("event"),
        events=tuple(event for item in raw["events"] for event in _events(item)),
        last_event_id=raw["last_event_id"],
        retry=raw["retry"],
        error=raw.get("error"),
    )


def _body(raw: dict[str, Any]) -> bytes:
    if "input_base64" in raw:
        return base64.b64decode(raw["input_base64"], validate=True)
    return _text(raw, "input").encode()


def _events(item: dict[str, Any]) -> list[Event]:
    event = Event(item["event"], _text(item, "data"), _text(item, "id"))
    return [event] * item.get("times", 1)


def _text(raw: dict[str, Any], key: str) -> str:
    if f"{key}_parts" in raw:
        return "".join(text * times for text, times in raw[f"{key}_parts"])
    text: str = raw[key]
    return text
