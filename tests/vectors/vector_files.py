"""Reads `spec/vectors`, as its README describes the files."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "spec" / "vectors"
FAMILIES = (
    "builders",
    "declared-headers",
    "embeddings",
    "errors",
    "folding",
    "headers",
    "paging",
    "parameters",
    "partial-json",
    "redaction",
    "resume",
    "retry",
    "scopes",
    "sse",
    "throttle",
)

Document = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One vector, with the file that it stands in."""

    document: Document
    vector: Document

    @property
    def label(self) -> str:
        """The vector's name for a test report."""
        return f"{self.document['class']}/{self.vector['name']}"


def read_json(path: Path) -> Any:
    """A file's JSON."""
    return json.loads(path.read_text("utf-8"))


def read_documents(family: str) -> dict[str, Document]:
    """Every file of a family by its stem."""
    return {
        path.stem: read_json(path) for path in sorted((FOLDER / family).glob("*.json"))
    }


def read_cases(family: str, *classes: str, but: tuple[str, ...] = ()) -> list[Case]:
    """The vectors of a family's files, all of them unless some are named."""
    documents = read_documents(family)
    chosen = classes or tuple(name for name in documents if name not in but)
    return [
        Case(documents[name], vector)
        for name in chosen
        for vector in documents[name]["vectors"]
    ]


def joined(parts: list[list[Any]]) -> str:
    """The text that `[[text, times], …]` stands for."""
    return "".join(text * times for text, times in parts)


def expanded(value: Any) -> Any:
    """A value with each `{"$parts": …}` in it written out."""
    if isinstance(value, dict):
        if set(value) == {"$parts"}:
            return joined(value["$parts"])
        return {key: expanded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [expanded(item) for item in value]
    return value


def answer_body(vector: Document) -> bytes:
    """The body of an answer, however it is written."""
    if "json" in vector:
        return json.dumps(vector["json"], ensure_ascii=False).encode()
    if "body_base64" in vector:
        return base64.b64decode(vector["body_base64"], validate=True)
    if "body_parts" in vector:
        return joined(vector["body_parts"]).encode()
    text: str = vector.get("body", "")
    return text.encode()
