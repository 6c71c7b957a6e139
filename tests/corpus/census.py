"""What a document holds, counted in its own text, beside what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headgate.document import load_document
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
    told = {each.location.pointer for each in found}
    built = {operation.location.pointer for operation in api.operations}
    root: dict[str, Any] = dict(document.root)
    operations = _operations(root)
    schemas = root.get("components", {}).get("schemas", {})
    streaming = {each.location.pointer for each in api.operations if each.stream}
    silent = [
        pointer
        for pointer in operations
        if pointer not in built and not any(each.startswith(pointer) for each in told)
    ]
    silent += [
        f"{pointer} (stream)"
        for pointer, operation in operations.items()
        if _declares_stream(operation)
        and pointer not in streaming
        and not any(each.startswith(pointer) for each in told)
    ]
    return Census(
        operations=len(operations),
        streams=len(streaming),
        schemas=len(schemas) if isinstance(schemas, dict) else 0,
        left_out=dict(Counter(each.code for each in found)),
        silent=tuple(silent),
    )


def _operations(root: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"#/paths/{path.replace('~', '~0').replace('/', '~1')}/{verb}": operation
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
