"""`streams/*.py`: what drives each stream, what it folds to, what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.python import docstring, literal, string
from headgate.plan.python.assemblies import (
    AssemblyPage,
    AssemblyPlan,
    OverloadPage,
)
from headgate.plan.python.context import Context, StreamNames, name
from headgate.plan.python.folds import (
    Block,
    FoldPlan,
    HandlerPage,
    PathWriter,
    may_be_none,
)
from headgate.plan.python.imports import Imports
from headgate.plan.python.layout import (
    Atom,
    Expr,
    Subscript,
    fits,
    flat,
    inside,
    lines,
    listed,
    optional,
)
from headgate.plan.python.names import attribute
from headgate.plan.python.sums import sum_arguments

if TYPE_CHECKING:
    from headgate.ir.streams import Extractor, Resume, Stream
    from headgate.plan.python.types import Writer

_SHAPES = ".._runtime.shapes"
_STREAMS = ".._runtime.streams"


@dataclass(frozen=True, slots=True)
class ExtractorPage:
    """A function that finds a text in an event, and the methods that stream it."""

    function: Code
    label: Code
    returns: Code
    value: Code
    method: Code
    docs: Code
    body: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class StreamClass:
    """A stream for one kind of client."""

    head: Code
    session: Code
    docs: Code
    iterator: Code


@dataclass(frozen=True, slots=True)
class StreamPage:
    """The module of a stream."""

    header: Code
    docs: Code
    imports: tuple[tuple[Code, ...], ...]
    shape: Code
    shape_arguments: tuple[Code, ...]
    event: Code
    has_fold: bool
    fold: Code
    fold_head: Code
    fold_docs: Code
    is_sum: bool
    result: Code
    sum_arguments: tuple[Code, ...]
    handlers: tuple[HandlerPage, ...]
    classes: tuple[StreamClass, ...]
    extractors: tuple[ExtractorPage, ...]
    has_callbacks: bool
    has_overloads: bool
    callbacks: Code
    callbacks_docs: Code
    overloads: tuple[OverloadPage, ...]
    assemblies: tuple[AssemblyPage, ...]


class StreamPlan:
    """Plans the module of one stream."""

    def __init__(self, stream: Stream, context: Context) -> None:
        self._stream = stream
        self._context = context
        self._names: StreamNames = context.streams[stream.name]
        self._imports = Imports()
        self._writer: Writer = context.writer(self._imports)
        self._paths = PathWriter(context, self._imports, self._writer)
        self._overloads: tuple[OverloadPage, ...] = ()
        self._event = self._writer.expr(stream.event, "received")

    def page(self) -> StreamPage:
        """Plan everything, the imports last."""
        stream = self._stream
        self._imports.use(_SHAPES, "StreamShape")
        if stream.fold is not None:
            self._imports.use(".._runtime.session", "StreamSession")
        fold = FoldPlan(stream, self._context, self._imports, self._writer)
        handlers = fold.handlers()
        told = AssemblyPlan(stream, self._context, self._imports, self._writer)
        self._overloads = told.overloads()
        assemblies = told.assemblies()
        classes = (self._class(is_async=False), self._class(is_async=True))
        extractors = tuple(map(self._extractor, stream.extractors))
        arguments = self._shape_arguments()
        head = self._fold_head()
        result = self._result()
        total = self._sum_arguments()
        return StreamPage(
            header=self._context.header,
            docs=docstring([f"The `{stream.name}` stream."], 0),
            imports=self._imports.groups(),
            shape=name(self._names.shape),
            shape_arguments=arguments,
            event=flat(self._event),
            has_fold=stream.fold is not None,
            fold=name(self._names.fold),
            fold_head=head,
            fold_docs=docstring([f"Builds what the `{stream.name}` events tell."], 4),
            is_sum=bool(total),
            result=flat(result) if result is not None else fixed(""),
            sum_arguments=total,
            handlers=handlers,
            classes=classes,
            extractors=extractors,
            has_callbacks=bool(self._overloads),
            has_overloads=len(self._overloads) > 1,
            callbacks=name(self._names.callbacks),
            callbacks_docs=docstring(
                [f"Calls functions with the events of a `{stream.name}` stream."], 4
            ),
            overloads=self._overloads,
            assemblies=assemblies,
        )

    def _result(self) -> Expr | None:
        fold = self._stream.fold
        return self._writer.expr(fold.into, "received") if fold else None

    def _fold_head(self) -> Code:
        result = self._result()
        if result is None:
            return fixed("")
        fold = self._stream.fold
        if fold is not None and fold.accumulation is not None:
            shared = self._imports.use(".._runtime.sums", "Summing")
        else:
            shared = self._imports.use(".._runtime.folding", "Folding")
        return _class_head(name(self._names.fold), Subscript(shared, (result,)))

    def _sum_arguments(self) -> tuple[Code, ...]:
        """Say how the pieces of one object add up, if the stream is of such."""
        fold = self._stream.fold
        if fold is None or fold.accumulation is None:
            return ()
        self._imports.use(".._runtime.sums", "SumRule")
        return sum_arguments(fold.accumulation)

    # The classes.

    def _class(self, *, is_async: bool) -> StreamClass:
        result = self._result()
        folded = "FoldedStream" if result is not None else "EventStream"
        base = self._imports.use(_STREAMS, f"Async{folded}" if is_async else folded)
        arguments = (self._event,) if result is None else (self._event, result)
        own = self._names.async_stream if is_async else self._names.stream
        if self._stream.extractors or self._stream.assemblies:
            self._imports.use(
                "collections.abc", "AsyncIterator" if is_async else "Iterator"
            )
        text = self._stream.docs.text or f"Events of a `{self._stream.name}` stream."
        return StreamClass(
            head=self._stream_head(name(own), Subscript(base, arguments)),
            session=fixed("StreamSession"),
            docs=docstring([text], 4),
            iterator=fixed("AsyncIterator" if is_async else "Iterator"),
        )

    def _stream_head(self, own: Code, base: Subscript) -> Code:
        if not self._overloads:
            return _class_head(own, base)
        return _class_head(own, base, Atom(name(self._names.callbacks)))

    def _extractor(self, extractor: Extractor) -> ExtractorPage:
        block = Block(1)
        types = {case.name: case.type.id for case in self._stream.cases}
        event = self._paths.classes((types[extractor.event],))
        block.when(assembled("isinstance(event, {})", event))
        value = self._paths.read(extractor.path, fixed("event"), block, set())
        block.add(assembled("return {}", value))
        last = extractor.path[-1]
        type_ = getattr(last, "type", None)
        expr = self._writer.expr(type_, "received") if type_ else Atom(fixed("str"))
        own = attribute(extractor.name)
        text = f"Read the stream and give its pieces of {own.replace('_', ' ')}."
        return ExtractorPage(
            function=name(f"{own}_of"),
            label=name(own),
            returns=flat(expr if may_be_none(last) else optional(expr)),
            value=flat(expr),
            method=name(f"{own}_deltas"),
            docs=docstring([text], 8),
            body=tuple(block.lines),
        )

    # The constant that drives the runtime.

    def _shape_arguments(self) -> tuple[Code, ...]:
        stream = self._stream
        found = [assembled("payload={}", flat(self._event)), self._events()]
        if stream.discriminator is not None:
            found.append(assembled("tag={}", string(stream.discriminator)))
        found += self._endings()
        if stream.error is not None:
            event = literal(stream.error.event)
            field = string(stream.error.field)
            found.append(assembled("error=({}, {})", event, field))
        if stream.sequence is not None:
            found.append(assembled("sequence={}", self._sequence(stream.sequence)))
        if stream.framing != "sse":
            found.append(assembled("framing={}", string(stream.framing)))
        if stream.sentinel is not None:
            found.append(assembled("sentinel={}", string(stream.sentinel)))
        if stream.frames:
            items = [
                assembled("{}: {}", string(name), string(kind))
                for name, kind in stream.frames
            ]
            found.append(listed(fixed("frames={"), items, "}", indent=4, extra=1))
        if stream.resume is not None:
            found.append(self._resume(stream.resume))
        return tuple(each for each in found if each)

    def _sequence(self, field: str) -> Code:
        return string(self._attribute_in_events(field))

    def _attribute_in_events(self, field: str) -> str:
        """Give the attribute of a field that all events share."""
        attributes = self._context.attributes
        found = (
            attributes.get((case.type.id, field))
            for case in self._stream.cases
            if not case.heartbeat
        )
        return next((each for each in found if each is not None), field)

    def _events(self) -> Code:
        if not self._stream.enveloped or not self._stream.cases:
            return fixed("")
        items = [
            assembled("{}: {}", string(case.name), self._paths.classes((case.type.id,)))
            for case in self._stream.cases
        ]
        return _entries(fixed("events={"), items, "}")

    def _endings(self) -> list[Code]:
        found: list[Code] = []
        ends = [
            assembled("{}: {}", string(case.name), string(case.ending))
            for case in self._stream.cases
            if case.ending is not None
        ]
        if ends:
            found.append(listed(fixed("ends={"), ends, "}", indent=4, extra=1))
        beats = [string(case.name) for case in self._stream.cases if case.heartbeat]
        if beats:
            start = fixed("heartbeats=frozenset({")
            found.append(listed(start, beats, "})", indent=4, extra=1))
        return found

    def _resume(self, resume: Resume) -> Code:
        self._imports.use(_SHAPES, "Resume")
        constant = self._context.streamed[resume.operation]
        operation = self._imports.use(".._operations", constant)
        parameters = [
            assembled(
                "({}, {})", string(parameter), string(self._attribute_in_events(field))
            )
            for parameter, field in resume.parameters
        ]
        items = [assembled("operation={}", operation)]
        if parameters:
            pairs = joined(", ", parameters)
            items.append(
                assembled(
                    "parameters=({},)" if len(parameters) == 1 else "parameters=({})",
                    pairs,
                )
            )
        items += [
            assembled("{}={}", name(key), string(value))
            for key, value in (
                ("query", resume.cursor_query),
                ("header", resume.cursor_header),
            )
            if value is not None
        ]
        if resume.statuses:
            statuses = [
                assembled("{}: {}", literal(status), string(meaning))
                for status, meaning in resume.statuses
            ]
            items.append(listed(fixed("statuses={"), statuses, "}", indent=8, extra=1))
        return _entries(fixed("resume=Resume("), items, ")")


def _entries(start: Code, items: list[Code], end: str) -> Code:
    """Write items on lines of their own, inside a call's argument."""
    inner = [assembled("        {},", item) for item in items]
    foot = fixed("    }") if end == "}" else fixed("    )")
    return lines([start, *inner, foot])


def _class_head(own: Code, base: Subscript, before: Atom | None = None) -> Code:
    bases: list[Expr] = [base] if before is None else [before, base]
    together = joined(", ", map(flat, bases))
    one = assembled("class {}({}):", own, together)
    if fits(0, one):
        return one
    head, foot = assembled("class {}(", own), fixed("):")
    if before is None:
        return lines([head, *inside(base, 4), foot])
    if fits(4, together):
        return lines([head, assembled("    {}", together), foot])
    inner = [line for each in bases for line in inside(each, 4, ",")]
    return lines([head, *inner, foot])
