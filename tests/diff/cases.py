"""One change a rule: what is replaced in base.yaml, and what is said of it.

Read backwards, most changes are the case of another rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict, cast

import yaml

from headgate.diff import Level

_HERE = Path(__file__).parent
BASE = (_HERE / "base.yaml").read_text("utf-8")


@dataclass(frozen=True)
class Case:
    """A replacement in the base, and one change that it is reported as."""

    code: str
    level: Level
    before: str
    after: str
    also: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The changed document."""
        text = BASE
        for before, after in ((self.before, self.after), *self.also):
            assert text.count(before) == 1, (self.code, before, text.count(before))
            text = text.replace(before, after)
        return text


class _Row(TypedDict):
    code: str
    level: Level
    before: str
    after: str
    also: NotRequired[tuple[tuple[str, str], ...]]


class _Cases(TypedDict):
    forward: list[_Row]
    backward: list[tuple[str, Level, str]]


def _read() -> _Cases:
    return cast("_Cases", yaml.safe_load((_HERE / "cases.yaml").read_text("utf-8")))


FORWARD = tuple(Case(**row) for row in _read()["forward"])
"""What a text before becomes after."""

BACKWARD = tuple(tuple(row) for row in _read()["backward"])
"""A code and its level, and the code whose cases show it when read backwards."""
