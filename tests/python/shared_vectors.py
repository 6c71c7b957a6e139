"""Reads the shared vectors for the Python runners, every file and every key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "spec" / "vectors"


@dataclass(frozen=True)
class Case:
    """One vector, with what its file says for all of them."""

    file: str
    shared: dict[str, Any]
    vector: dict[str, Any]

    @property
    def label(self) -> str:
        """The vector's name in reports."""
        return f"{self.file}/{self.vector['name']}"


def read_cases(folder: str) -> list[Case]:
    """Every vector of a folder, in the files' order; fails if any is missing."""
    cases: list[Case] = []
    for path in sorted((FOLDER / folder).glob("*.json")):
        document = json.loads(path.read_text("utf-8"))
        shared = {key: value for key, value in document.items() if key != "vectors"}
        cases += [Case(path.stem, shared, vector) for vector in document["vectors"]]
    counted = {
        file: sum(case.file == file for case in cases) for file in _manifest()[folder]
    }
    assert counted == _manifest()[folder]
    return cases


@cache
def _manifest() -> dict[str, dict[str, int]]:
    manifest: dict[str, dict[str, int]] = json.loads(
        (FOLDER / "manifest.json").read_text("utf-8")
    )
    return manifest


def check_keys(value: dict[str, Any], *known: str) -> None:
    """Fail on a key that the runner would pass over."""
    assert set(value) <= set(known), set(value) - set(known)


def text_of(value: dict[str, Any], key: str) -> str:
    """A text that a vector gives whole or in repeated parts."""
    if f"{key}_parts" in value:
        return "".join(text * times for text, times in value[f"{key}_parts"])
    text: str = value[key]
    return text


def spread(value: Any) -> Any:
    """Write out each text that a vector gives as `{"$parts": …}`."""
    if isinstance(value, dict):
        if set(value) == {"$parts"}:
            return "".join(text * times for text, times in value["$parts"])
        return {key: spread(item) for key, item in value.items()}
    return [spread(item) for item in value] if isinstance(value, list) else value
