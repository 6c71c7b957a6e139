"""What a document holds, counted in its own text, beside what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headgate.document import load_document
from headgate.errors import Location
from headgate.ir.build import build_api

VERBS = frozenset("get put post delete options head patch trace query".split())
STREAMED = ("text/event-stream", "ndjson", "jsonl", "json-seq")


@dataclass(frozen=True)
class Census:
    """Counts of a document, and of the IR made from it.

    `silent` names what is in neither the IR nor a diagnostic.
    """

    operations: int
    streams: int
    schemas: int
    left_out: dict[str, int]
    silent: tuple[str, ...]


def count(spec: Path) -> Census:
    """Count a document's operations, streams and schemas; look for each in the IR."""
    document = load_document(spec)
    api, warnings = build_api(document)
    found = (*document.warnings, *warnings)
    told = {_place(each.location) for each in found}
    built = {_place(operation.location) for operation in api.operations}
    streaming = {_place(each.location) for each in api.operations if each.stream}
    root: dict[str, Any] = dict(document.root)
    operations = _operations(root)
    schemas = root.get("components", {}).get("schemas", {})
    silent: list[str] = []
    for tokens, operation in operations.items():
        place = _place(document.locate_tokens(tokens))
        if any(each.startswith(place) for each in told):
            continue
        if place not in built:
            silent.append(place)
        elif _declares_stream(operation) and place not in streaming:
            silent.append(f"{place} (stream)")
    return Census(
        operations=len(operations),
        streams=len(streaming),
        schemas=len(schemas) if isinstance(schemas, dict) else 0,
        left_out=dict(Counter(each.code for each in found)),
        silent=tuple(silent),
    )


def _place(location: Location) -> str:
    """Where something stands, whatever file of the document that is in."""
    return f"{location.file}{location.pointer}"


def _operations(root: dict[str, Any]) -> dict[tuple[str, ...], dict[str, Any]]:
    return {
        ("paths", path, verb): operation
        for path, item in (root.get("paths") or {}).items()
        if isinstance(item, dict)
        for verb, operation in item.items()
        if verb in VERBS and isinstance(operation, dict)
    }


def _declares_stream(operation: dict[str, Any]) -> bool:
    return any(
        kind in media_type
        for response in operation.get("responses", {}).values()
        if isinstance(response, dict)
        for media_type in response.get("content", {})
        for kind in STREAMED
    )
