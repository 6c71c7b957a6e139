"""The event streams of an API, with their order, fold and resume settled.

Paths that the declaration writes as text (`content[index].text`) stand here as
typed steps, so that each language compiles them into plain member access.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from headgate.errors import Location
from headgate.ir.types import Docs, Ref, TypeExpr, TypeId

Framing = Literal["sse", "jsonl", "json-seq"]
Ending = Literal["complete", "failed"]


@dataclass(frozen=True, slots=True)
class FieldStep:
    """Read or write a field of the struct `owner`."""

    owner: TypeId
    name: str
    type: TypeExpr
    required: bool


@dataclass(frozen=True, slots=True)
class IndexStep:
    """Take the list item whose index an event carries at `by`."""

    by: Path
    item: TypeExpr


@dataclass(frozen=True, slots=True)
class NarrowStep:
    """Go on only if the value of `union` is one of `variants`; otherwise do nothing."""

    union: TypeId
    variants: tuple[TypeId, ...]


Step: TypeAlias = FieldStep | IndexStep | NarrowStep
Path: TypeAlias = tuple[Step, ...]
"""From the event (a source) or from the folded object (a target); () is the whole."""


@dataclass(frozen=True, slots=True)
class SetValue:
    """Put the source at the target; an index equal to the length appends."""

    target: Path
    source: Path


@dataclass(frozen=True, slots=True)
class MergeField:
    """A field that the merged source has in common with the target."""

    name: str
    source: FieldStep
    target: FieldStep


@dataclass(frozen=True, slots=True)
class MergeFields:
    """Write each field present in the source over the target's field of that name."""

    target: Path
    source: Path
    fields: tuple[MergeField, ...]


@dataclass(frozen=True, slots=True)
class AppendText:
    """Add the source's text to the end of the target's text."""

    target: Path
    source: Path


@dataclass(frozen=True, slots=True)
class AppendJson:
    """Collect partial JSON text; the target is what the whole text parses to.

    No text at all stands for `{}`. The target keeps its first value until the
    text is complete.
    """

    target: Path
    source: Path


FoldAction: TypeAlias = SetValue | MergeFields | AppendText | AppendJson


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition on an event: its tag `name` inside the value at `path` is `value`.

    `narrow` is the same in types: the union at `path` holds that variant. None
    where the tag is a plain field, which is then to be compared.
    """

    path: Path
    name: str
    value: str
    narrow: NarrowStep | None


@dataclass(frozen=True, slots=True)
class FoldRule:
    """What one event (where its guard holds) does to the folded object."""

    event: str
    guard: Guard | None
    actions: tuple[FoldAction, ...]


@dataclass(frozen=True, slots=True)
class Accumulation:
    """How events that are pieces of one object, all of one shape, add up to it.

    Objects are merged; items of lists are told apart by their field `by` and sorted
    by it at the end; texts whose name is in `append` grow; any other value replaces
    the one before, but null replaces nothing. `rename` pairs names in the events with
    names in the object. At the end `put` sets texts of the object, `nulls` sets what
    is still absent to null and `drop` removes, both at paths of names through objects
    and lists.
    """

    by: str | None
    append: tuple[str, ...]
    rename: tuple[tuple[str, str], ...]
    put: tuple[tuple[str, str], ...]
    nulls: tuple[tuple[str, ...], ...]
    drop: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """How the events of a stream build `into`, in order of declaration.

    With an `accumulation` there are no rules: all events are added up alike.
    """

    into: TypeExpr
    rules: tuple[FoldRule, ...]
    accumulation: Accumulation | None = None


@dataclass(frozen=True, slots=True)
class Extractor:
    """A named text inside events (`text`: the pieces of the answer's text).

    Starts at the event called `event`; narrow steps on the way say which values
    have such a text. A text inside a carried event has the carrying field first.
    """

    name: str
    event: str
    path: Path


@dataclass(frozen=True, slots=True)
class Moment:
    """An event that matters to an assembly, and what is read from it.

    An event whose `key` or `value` cannot be followed (a narrow step finds another
    variant) does not count. In a stream that carries another one, both paths begin
    with the carrying field.
    """

    event: str
    key: Path
    value: Path


@dataclass(frozen=True, slots=True)
class Assembly:
    """An object whose JSON arrives in pieces (`calls`): a tool call with its input.

    `begin.value` is the object, of type `object`; `text.value` a piece of JSON text;
    `end` says that it is complete: then field `into` is what the text of the same
    key parses to (no text at all: `{}`). A new beginning replaces one of the same
    key; the events called `discarded_by` drop all that have not ended.
    """

    name: str
    object: TypeId
    into: FieldStep
    begin: Moment
    text: Moment
    end: Moment
    discarded_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Nested:
    """An event that carries another stream's event in `field`."""

    event: str
    field: FieldStep
    stream: str


@dataclass(frozen=True, slots=True)
class EventCase:
    """One kind of event. `ending` says how it ends the stream, if it does.

    `heartbeat`: carries no id, is never replayed.
    """

    name: str
    type: Ref
    ending: Ending | None
    heartbeat: bool


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """The event that carries an error, and where in it the error object lies.

    `event` None: nothing names the events, and any that has `field` carries one.
    """

    event: str | None
    field: str


FrameData = Literal["json", "text"]


ResumeMeaning = Literal["finished", "unknown", "expired"]


@dataclass(frozen=True, slots=True)
class Resume:
    """How a cut stream goes on: call `operation` with the last cursor.

    `parameters` pairs a path parameter with the event field that holds its value.
    """

    operation: str
    parameters: tuple[tuple[str, str], ...]
    cursor_query: str | None
    cursor_header: str | None
    statuses: tuple[tuple[int, ResumeMeaning], ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """A kind of event stream.

    `event` is the union of the payloads; `discriminator` their tag; `enveloped`
    False means that frames carry no event name worth trusting. `sentinel` is the
    data of a last frame that is no event (`[DONE]`). Without a declaration
    (`declared` False) the stream ends with the body. `sequence` counts 1, 2, 3 …
    and equals the frame's id. `frames` is set where an event is a whole frame, with
    the fields `event` and `data`, because only its name tells what it is: it says
    for each name whether the data is JSON or plain text.
    """

    name: str
    event: TypeExpr
    discriminator: str | None
    framing: Framing
    enveloped: bool
    cases: tuple[EventCase, ...]
    declared: bool
    sentinel: str | None
    error: ErrorEvent | None
    sequence: str | None
    resume: Resume | None
    fold: Fold | None
    extractors: tuple[Extractor, ...]
    nested: tuple[Nested, ...]
    docs: Docs
    location: Location
    assemblies: tuple[Assembly, ...] = ()
    frames: tuple[tuple[str, FrameData], ...] = ()
