"""`python -m tests.vectors.packaged` writes the vectors that each package is tested by.

They are those of `spec/vectors` that hold for any API, without their notes and in forms
that a few lines of any language read. A package's own test says why the others are not
among them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.vectors.sse_vectors import read_vectors
from tests.vectors.vector_files import FOLDER

ROOT = Path(__file__).resolve().parents[2]
PACKAGED = ROOT / "templates" / "package" / "tests" / "vectors"
LONGEST = 400
"""Bytes of a body, or characters of anything else, that a small package carries."""

Json = dict[str, Any]


def packaged() -> dict[str, str]:
    """The text of each file, by its name: one vector a line."""
    families = {
        "sse": _frames(),
        "retry": _retries(),
        "calls": _stated("retry", "calls"),
        "resume": _stated("resume", "decisions"),
        "redaction": _shown(),
        "parameters": _all("parameters"),
        "partial-json": _all("partial-json"),
        "embeddings": _all("embeddings"),
        "throttle": _stated("throttle", "turns"),
    }
    return {f"{name}.json": _text(vectors) for name, vectors in families.items()}


def _text(vectors: Iterable[Json]) -> str:
    lines = ",\n".join(map(_line, vectors))
    return f"[\n{lines}\n]\n"


def _line(vector: Json) -> str:
    return json.dumps(vector, ensure_ascii=False, separators=(",", ":"))


def _read(path: Path) -> tuple[Json, list[Json]]:
    document: Json = json.loads(path.read_text("utf-8"))
    vectors = document.pop("vectors")
    return document, [
        {key: value for key, value in vector.items() if key != "note"}
        for vector in vectors
    ]


def _stated(folder: str, file: str) -> list[Json]:
    return _read(FOLDER / folder / f"{file}.json")[1]


def _all(folder: str, *shared: str) -> Iterator[Json]:
    """Give the vectors of every file, each with its class and what the file says."""
    for path in sorted((FOLDER / folder).glob("*.json")):
        document, vectors = _read(path)
        for vector in vectors:
            said = {key: document[key] for key in ("class", *shared)}
            yield {**said, **vector}


def _frames() -> Iterator[Json]:
    """Give bodies in Base64 with their events, short ones that hit no limit."""
    for vector in read_vectors():
        limits = (vector.line_limit, vector.event_limit, vector.error)
        if limits == (None, None, None) and len(vector.body) <= LONGEST:
            yield {
                "name": vector.label,
                "body": base64.b64encode(vector.body).decode(),
                "events": [[each.event, each.data, each.id] for each in vector.events],
            }


def _retries() -> Iterator[Json]:
    """Give decisions, but those for which a body of errors has to be read."""
    for path in sorted((FOLDER / "retry").glob("*.json")):
        document, vectors = _read(path)
        for vector in vectors:
            failure = vector.get("failure")
            if failure is None or failure.keys() & {"retryable", "body_retry_after"}:
                continue
            own = vector.pop("policy", {})
            total = own.pop("total_s", document["policy"]["total_s"])
            elapsed = vector.pop("elapsed_s")
            repeatable = vector.pop("idempotency") != "none"
            yield {
                **vector,
                "name": f"{document['class']}/{vector['name']}",
                "policy": own,
                "remaining_s": None if total is None else max(total - elapsed, 0),
                "repeatable": repeatable,
            }


def _shown() -> Iterator[Json]:
    """Give what is shown of short things, and what the client knows to be secret."""
    for vector in _all("redaction", "product"):
        product = vector.pop("product")
        own = vector.pop("credential_parameters", [])
        names = [*product["credential_headers"], *product["credential_parameters"]]
        if len(_line(vector)) <= LONGEST and "$parts" not in _line(vector):
            yield {
                **vector,
                "names": [*names, *own],
                "prefixes": product["header_prefixes"],
                "open": product["idempotency_header"],
                "secrets": vector.get("secrets", []),
            }


if __name__ == "__main__":
    PACKAGED.mkdir(exist_ok=True)
    for name, text in packaged().items():
        (PACKAGED / name).write_text(text, "utf-8")
