"""Paths as a declaration writes them: `delta.text`, `content[index].input`."""

from __future__ import annotations

import re

from headgate.contract.declaration import Index, Key, PathStep

_STEP = re.compile(r"(?:^|\.)([^.\[\]]+)|\[([^.\[\]]+(?:\.[^.\[\]]+)*)\]")


def source_path(text: str) -> tuple[str, ...] | None:
    """Split a path in an event; None if it is not one. `""` is the whole event."""
    if not text:
        return ()
    names = tuple(text.split("."))
    return names if all(names) and not set(text) & set("[]") else None


def target_path(text: str) -> tuple[PathStep, ...] | None:
    """Split a path in the folded object; None if it is not one."""
    steps: list[PathStep] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or (position == 0 and match[0].startswith(".")):
            return None
        steps.append(Key(match[1]) if match[1] else Index(tuple(match[2].split("."))))
        position = match.end()
    return tuple(steps)


def write_source(path: tuple[str, ...]) -> str:
    """Write a path in an event as the declaration does."""
    return ".".join(path)


def write_target(path: tuple[PathStep, ...]) -> str:
    """Write a path in the folded object as the declaration does."""
    text = "".join(
        f".{step.name}" if isinstance(step, Key) else f"[{'.'.join(step.by)}]"
        for step in path
    )
    return text.removeprefix(".")
