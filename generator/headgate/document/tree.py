"""Builds a file's value and its marks from what a YAML or JSON reader sees.

A document is untrusted: the number of nodes (aliases counted as what they stand for)
and the depth are capped, and a key may not stand twice in one object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headgate.document.json_values import Json, JsonObject, Tokens
from headgate.document.source import Marks

MOST_NODES: Final = 2_000_000
MOST_DEPTH: Final = 200
MOST_FAULTS: Final = 100

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at an offset of a text, before the text has a name."""

    code: str
    message: str
    offset: int
    tokens: Tokens = ()
    hint: str = ""
    first: int | None = None
    """Where the same thing stood before, for a fault that is a repetition."""


class UnreadableError(Exception):
    """The text ends here as far as we can tell: there is no value after this fault."""

    def __init__(self, fault: Fault, before: Sequence[Fault] = ()) -> None:
        super().__init__(fault.message)
        self.fault = fault
        self.faults = (*before, fault)


class Frame:
    """An object or a list that is still open."""

    __slots__ = ("key", "marks", "merges", "nodes_before", "value")

    def __init__(self, value: JsonObject | list[Json], offset: int, nodes: int) -> None:
        self.value = value
        self.marks = Marks(offset)
        self.key: str | None = None
        self.merges = False
        self.nodes_before = nodes


class TreeBuilder:
    """Takes keys, scalars, openings and closings in the order of the text."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.nodes = 0
        self.stack: list[Frame] = []
        self.root: Json = None
        self.root_marks: Marks | int = 0

    @property
    def wants_key(self) -> bool:
        """Whether the next thing has to be a key of the innermost open object."""
        if not self.stack:
            return False
        frame = self.stack[-1]
        return frame.key is None and isinstance(frame.value, dict)

    def open(self, value: JsonObject | list[Json], offset: int) -> None:
        """Begin an object or a list."""
        if len(self.stack) >= MOST_DEPTH:
            self.stop(
                "too-deep", f"values are nested more than {MOST_DEPTH} deep", offset
            )
        self.stack.append(Frame(value, offset, self.nodes))
        self._count(1, offset)

    def close(self) -> Frame:
        """End the innermost open object or list and put it where it belongs."""
        frame = self.stack.pop()
        self._put(frame.value, frame.marks)
        return frame

    def key(self, key: str, offset: int) -> None:
        """Name the next value of the innermost open object."""
        frame = self.stack[-1]
        frame.key = key
        if key in frame.marks.keys:
            self._refuse_twice(key, frame.marks.keys[key], offset)
        frame.marks.keys[key] = offset

    def scalar(self, value: Scalar, offset: int) -> None:
        """Put a scalar."""
        self._count(1, offset)
        self._put(value, offset)

    def share(
        self, value: Json, marks: Marks | int, *, nodes: int, height: int, offset: int
    ) -> None:
        """Put a value that stands elsewhere too: it counts again, but is not copied."""
        if len(self.stack) + height > MOST_DEPTH:
            self.stop(
                "too-deep", f"values are nested more than {MOST_DEPTH} deep", offset
            )
        self._count(nodes, offset)
        self._put(value, marks)

    def fault(self, code: str, message: str, offset: int, hint: str = "") -> None:
        """Note a fault at the place that is being built, and go on."""
        self._note(Fault(code, message, offset, self.path(), hint))

    def stop(self, code: str, message: str, offset: int, hint: str = "") -> None:
        """Give up: raise with a fault at the place that is being built."""
        fault = Fault(code, message, offset, self.path(), hint)
        raise UnreadableError(fault, self.faults)

    def path(self) -> Tokens:
        """Give the pointer tokens of the place that is being built."""
        tokens: list[str] = []
        for frame in self.stack:
            if isinstance(frame.value, list):
                tokens.append(str(len(frame.value)))
            elif frame.key is not None:
                tokens.append(frame.key)
        return tuple(tokens)

    def _put(self, value: Json, marks: Marks | int) -> None:
        if not self.stack:
            self.root, self.root_marks = value, marks
            return
        frame = self.stack[-1]
        inside = frame.value
        if isinstance(inside, list):
            frame.marks.inner[str(len(inside))] = marks
            inside.append(value)
            return
        key = frame.key
        assert key is not None
        inside[key] = value
        frame.marks.inner[key] = marks
        frame.key = None

    def _count(self, nodes: int, offset: int) -> None:
        self.nodes += nodes
        if self.nodes > MOST_NODES:
            self.stop(
                "too-large",
                f"the file unfolds to more than {MOST_NODES:,} values",
                offset,
                "an alias (`*name`) counts as everything that it stands for",
            )

    def _refuse_twice(self, key: str, first: int, offset: int) -> None:
        message = f"the key {key!r} stands twice in one object"
        self._note(Fault("duplicate-key", message, offset, self.path(), first=first))

    def _note(self, fault: Fault) -> None:
        self.faults.append(fault)
        if len(self.faults) >= MOST_FAULTS:
            message = f"after {MOST_FAULTS} faults the rest of the file is not read"
            self.stop("too-many-faults", message, fault.offset)
