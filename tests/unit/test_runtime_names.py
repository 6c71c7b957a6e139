"""The fixed runtimes serve any API: they know no name of this one."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
RUNTIMES = ROOT / "templates"
FILES = sorted(
    path
    for path in RUNTIMES.glob("*/runtime/**/*")
    if path.is_file() and "__pycache__" not in path.parts
)
PREFIX = "X-Provider-Key-"
ALSO_WORDS = {"exa", "pin", "together"}
HOOK = "on_stream_event"
"""An interceptor's method, for any stream's events; only by chance one of ours."""


def event_names() -> set[str]:
    """The names of events that are no ordinary words, from the streams' own files."""
    names: set[str] = set()
    for path in (ROOT / "spec" / "streams").glob("*.yaml"):
        stream: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
        for transitions in stream["states"].values():
            names |= set(transitions)
        names |= set(stream.get("anywhere", ()))
    return {name for name in names if "_" in name}


def provider_names() -> set[str]:
    """The providers that a header may carry a key for."""
    text = (ROOT / "spec" / "parameters.yaml").read_text("utf-8")
    names = set(re.findall(rf"name: {PREFIX}(\w+)", text))
    return {name.lower() for name in names} - ALSO_WORDS


@cache
def ours() -> re.Pattern[str]:
    words = "|".join(sorted(event_names() | provider_names()))
    return re.compile(
        rf"headgate|gateway\b|{PREFIX}|admin.?key|(?:\b|_)(?:{words})(?:\b|_)",
        re.IGNORECASE,
    )


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(RUNTIMES)))
def test_runtime_has_no_name_of_ours(path: Path) -> None:
    """No product, stream, event or provider is named in a runtime file."""
    found = [
        f"{number}: {line.strip()}"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if ours().search(line.replace(HOOK, ""))
    ]

    assert found == []


def test_the_names_are_found() -> None:
    """The names come from the specification; without them the search proves nothing."""
    assert {"message_start", "run_complete", "stream_event"} <= event_names()
    assert {"anthropic", "openai", "mistral"} <= provider_names()
    assert {path.relative_to(RUNTIMES).parts[0] for path in FILES} == {
        "python",
        "typescript",
        "rust",
    }
