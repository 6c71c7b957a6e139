"""What a parser says of a file: its tree with all text blanked, and that text."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.hostile.trees.python import read_python

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[3]
RUST = Path(__file__).with_name("rust")


@dataclass(frozen=True, slots=True)
class Reading:
    """One file as its parser sees it.

    `tree` is the code without comments, every string in it empty; `strings` are the
    decoded values of the string literals.
    """

    tree: tuple[str, ...]
    strings: frozenset[str]


def read_all(paths: Sequence[Path]) -> dict[Path, Reading]:
    """Parse files, each by its suffix; a file that does not parse raises."""
    by_suffix: dict[str, list[Path]] = {}
    for path in paths:
        by_suffix.setdefault(path.suffix, []).append(path)
    node = ["node", str(Path(__file__).with_name("typescript.mjs")), str(ROOT)]
    found = {path: Reading(*read_python(path)) for path in by_suffix.get(".py", [])}
    found |= _by_tool(node, by_suffix.get(".ts", []))
    if by_suffix.get(".rs"):
        found |= _by_tool([str(_rust_tool())], by_suffix[".rs"])
    return found


def _by_tool(command: list[str], paths: Sequence[Path]) -> dict[Path, Reading]:
    """Ask a program that reads paths and answers a line of JSON for each."""
    if not paths:
        return {}
    done = subprocess.run(
        command,
        input="".join(f"{path}\n" for path in paths),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Mapping[str, list[str]]] = list(
        map(json.loads, done.stdout.split("\n")[:-1])
    )
    return {
        path: Reading(tuple(answer["tree"]), frozenset(answer["strings"]))
        for path, answer in zip(paths, answers, strict=True)
    }


@cache
def _rust_tool() -> Path:
    """Build the parser of Rust, once for all tests."""
    built = subprocess.run(
        ["cargo", "build", "--quiet", "--message-format=json"],
        cwd=RUST,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    messages = map(json.loads, built.stdout.splitlines())
    return next(Path(each["executable"]) for each in messages if each.get("executable"))


def difference(one: Reading, other: Reading) -> str:
    """Show where two trees part; empty if they are equal."""
    for index, (left, right) in enumerate(zip(one.tree, other.tree, strict=False)):
        if left != right:
            before = " ".join(one.tree[max(0, index - 25) : index])
            return f"{before} >>> {left[:200]!r} is not {right[:200]!r}"
    if len(one.tree) != len(other.tree):
        longer = max(one.tree, other.tree, key=len)
        shared = min(len(one.tree), len(other.tree))
        return f"the end >>> {' '.join(longer[shared : shared + 25])}"
    return ""
