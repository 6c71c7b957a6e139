# Fixed runtime of a generated SDK: the same source in every package.
"""What the specification says about a stream, as the constants that drive it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from .requests import Operation

E_contra = TypeVar("E_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)

Ending: TypeAlias = Literal["complete", "failed"]
ResumeMeaning: TypeAlias = Literal["finished", "unknown", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """How a stream that was cut goes on.

    `parameters` pairs a path parameter of `operation` with the event field that
    holds its value; the cursor goes into `query` and `header`.
    """

    operation: Operation
    parameters: tuple[tuple[str, str], ...] = ()
    query: str | None = None
    header: str | None = None
    statuses: Mapping[int, ResumeMeaning] = field(
        default_factory=dict[int, ResumeMeaning]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamShape:
    """A kind of stream: its events by name, how it ends, how it resumes.

    `payload` is the union of the events, `tag` the property that tells them
    apart. A stream without `ends` and without a `sentinel` ends with its body.
    `error` is the event that carries an error and the field that holds it; without
    an event, any that has the field. `sequence` names the field that
    counts 1, 2, 3 and so on. With `frames`, events are whole frames `{event, data}`:
    it says by their names whether the data is JSON or plain text.
    """

    payload: Any
    framing: Literal["sse", "jsonl", "json-seq"] = "sse"
    events: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tag: str | None = None
    ends: Mapping[str, Ending] = field(default_factory=dict[str, Ending])
    heartbeats: frozenset[str] = frozenset()
    error: tuple[str | None, str] | None = None
    sequence: str | None = None
    sentinel: str | None = None
    frames: Mapping[str, Literal["json", "text"]] = field(
        default_factory=dict[str, Literal["json", "text"]]
    )
    resume: Resume | None = None


class Fold(Protocol[E_contra, R_co]):
    """What builds a stream's final object out of its events."""

    def add(self, event: E_contra, /) -> None:
        """Take the next event."""
        ...

    def result(self) -> R_co:
        """Give the final object."""
        ...
