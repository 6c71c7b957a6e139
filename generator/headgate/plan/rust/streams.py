"""The page of the streams: what is fixed about each, and how its events add up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.ir.types import Ref, Struct, Union
from headgate.plan.rust import access, layout
from headgate.plan.rust.assemblies import AssemblyPage, AssemblyWriter
from headgate.plan.rust.docs import described
from headgate.plan.rust.folds import FoldPage, FoldWriter
from headgate.plan.rust.imports import Imports
from headgate.plan.rust.members import has_unknown
from headgate.plan.rust.names import claim_pascal, claim_snake, scope, type_scope
from headgate.plan.rust.places import place_of
from headgate.plan.rust.sums import SumPage, sum_page
from headgate.plan.rust.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.ir.operations import Operation
    from headgate.ir.streams import EventCase, Extractor, Stream
    from headgate.names import Scope
    from headgate.plan.rust.definitions import Definitions
    from headgate.plan.rust.operations import Place

_STREAM: Final = "crate::runtime::stream"
_FOLD: Final = "crate::runtime::fold"
_SUM: Final = "crate::runtime::sum"


@dataclass(frozen=True, slots=True)
class DescriptorPage:
    """What is fixed about a stream."""

    media_type: Code
    framing: Code
    enveloped: Code
    declared: Code
    terminal: Code
    heartbeats: Code
    sentinel: Code
    error: Code
    sequence: Code
    frames: Code
    resume: ResumePage | None


@dataclass(frozen=True, slots=True)
class ResumePage:
    """How a cut stream goes on."""

    operation: Code
    parameters: Code
    query: Code
    header: Code
    finished: Code


@dataclass(frozen=True, slots=True)
class ExtractorPage:
    """A named text inside events."""

    docs: Code
    method: Code
    function: Code
    signature: Code
    statements: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class TypedPage:
    """A type of event that callbacks may ask for; without a pattern it is any event."""

    head: Code
    parameter: Code
    pattern: Code | None


@dataclass(frozen=True, slots=True)
class KindPage:
    """A kind of stream."""

    docs: Code
    alias: Code
    declaration: Code
    kind: Code
    event: Code
    fold_name: Code
    descriptor: DescriptorPage
    decodes: tuple[Code, ...]
    names: tuple[Code, ...]
    one_name: Code
    sequences: tuple[Code, ...]
    parameters: tuple[Code, ...]
    is_text: bool
    typed: tuple[TypedPage, ...]
    extractors: tuple[ExtractorPage, ...]
    assemblies: tuple[AssemblyPage, ...]
    has_helpers: bool
    fold: FoldPage | None
    sum: SumPage | None


@dataclass(frozen=True, slots=True)
class StreamsPage:
    """The file of the streams."""

    header: Code
    imports: Code
    kinds: tuple[KindPage, ...]


@dataclass(frozen=True, slots=True)
class StreamNames:
    """The names that belong to one stream."""

    alias: Code
    kind: Code
    fold: Code


def name_streams(streams: Mapping[str, Stream]) -> dict[str, StreamNames]:
    """Name the types of every stream."""
    names = type_scope()
    for taken in (
        "Assembled",
        "Assembly",
        *_FIXED,
        "Streaming",
        "Deltas",
        "Fold",
        "NoFold",
    ):
        names.claim(taken)
    return {
        name: StreamNames(
            claim_pascal(names, (name, "stream"), "Events"),
            claim_pascal(names, (name, "kind"), "Kind"),
            claim_pascal(names, (name, "fold"), "Fold"),
        )
        for name in streams
    }


@dataclass(slots=True)
class StreamsFile:
    """Plans the file of the streams."""

    definitions: Definitions
    places: Mapping[tuple[str, ...], Place]
    operations: Mapping[str, Operation]
    constants: Mapping[str, Code]
    names: Mapping[str, StreamNames]
    header: Code
    imports: Imports = field(default_factory=Imports)
    _functions: Scope = field(default_factory=scope)
    _statics: Scope = field(default_factory=scope)

    def page(self, streams: Mapping[str, Stream]) -> StreamsPage:
        """Plan the file."""
        kinds = tuple(self._kind(stream) for stream in streams.values())
        for name in ("Descriptor", "EventOf", "EventStream", "StreamKind"):
            self.imports.use_code(fixed(_STREAM), _FIXED[name])
        self.imports.use("crate::runtime::records", "Framing")
        return StreamsPage(self.header, self.imports.lines(), kinds)

    def _kind(self, stream: Stream) -> KindPage:
        names = self.names[stream.name]
        union = self._event_union(stream)
        event = self.definitions.types.write(stream.event, self.imports, TYPES)
        fold = self._fold(stream, names, union, event)
        methods = scope(*_STREAM_METHODS)
        extractors = self._extractors(stream, union, event, methods)
        assemblies = self._assemblies(stream, union, event, methods)
        return KindPage(
            docs=rust.doc(described(stream.docs, f"The stream `{stream.name}`")),
            alias=names.alias,
            declaration=layout.alias(
                names.alias, assembled("EventStream<{}>", names.kind)
            ),
            kind=names.kind,
            event=event,
            fold_name=self._fold_name(stream, names, fold),
            descriptor=self._descriptor(stream),
            decodes=self._decodes(stream, union, event),
            names=self._event_names(stream, union, event),
            one_name=rust.string(stream.cases[0].name if stream.cases else "message"),
            sequences=self._sequences(stream, union, event),
            parameters=self._parameters(stream, union, event),
            is_text=self.definitions.types.is_text(stream.event),
            typed=self._typed(union, names.kind, event),
            extractors=extractors,
            assemblies=assemblies,
            has_helpers=bool(extractors or assemblies),
            fold=fold,
            sum=self._sum(stream, names),
        )

    def _fold_name(
        self, stream: Stream, names: StreamNames, fold: FoldPage | None
    ) -> Code:
        if fold is not None:
            return names.fold
        if stream.fold is not None and stream.fold.accumulation is not None:
            return assembled("{}<{}>", self.imports.use(_SUM, "Sum"), names.fold)
        return self.imports.use(_FOLD, "NoFold")

    def _sum(self, stream: Stream, names: StreamNames) -> SumPage | None:
        if stream.fold is None or stream.fold.accumulation is None:
            return None
        for name in ("SumRule", "Summed"):
            self.imports.use(_SUM, name)
        into = self.definitions.types.write(stream.fold.into, self.imports, TYPES)
        return sum_page(stream.fold.accumulation, names.fold, into)

    def _event_union(self, stream: Stream) -> Union | None:
        """Give the tagged union of the stream's events, if it is one."""
        plain = self.definitions.types.resolve(stream.event)
        if not isinstance(plain, Ref):
            return None
        definition = self.definitions.types.definitions[plain.id]
        tagged = isinstance(definition, Union) and definition.tag is not None
        return definition if isinstance(definition, Union) and tagged else None

    def _fold(
        self, stream: Stream, names: StreamNames, union: Union | None, event: Code
    ) -> FoldPage | None:
        if stream.fold is None or stream.fold.accumulation or union is None:
            return None
        writer = FoldWriter(self.definitions, self.imports, union, event)
        self.imports.use(_FOLD, "Fold")
        return writer.page(stream.fold, names.fold, _cases(stream))

    def _descriptor(self, stream: Stream) -> DescriptorPage:
        error = fixed("None")
        if stream.error is not None:
            event = rust.option(stream.error.event)
            at = rust.string(stream.error.field)
            error = assembled("Some(({}, {}))", event, at)
        beats = [case.name for case in stream.cases if case.heartbeat]
        frames = [
            assembled("({}, {})", rust.string(name), rust.boolean(value=kind == "text"))
            for name, kind in stream.frames
        ]
        terminal = [rust.string(case.name) for case in stream.cases if case.ending]
        return DescriptorPage(
            media_type=rust.string(self._media_type(stream)),
            framing=_FRAMINGS[stream.framing],
            enveloped=rust.boolean(value=stream.enveloped),
            declared=rust.boolean(value=stream.declared),
            terminal=layout.short_list(8, fixed("terminal: &"), terminal, fixed(",")),
            heartbeats=joined(", ", [rust.string(name) for name in beats]),
            sentinel=rust.option(stream.sentinel),
            error=error,
            sequence=rust.option(stream.sequence),
            frames=layout.short_list(8, fixed("frames: &"), frames, fixed(",")),
            resume=self._resume(stream),
        )

    def _media_type(self, stream: Stream) -> str:
        """Give the media type by which the first operation asks for the stream."""
        calls = (operation.stream for operation in self.operations.values())
        asked = (c.media_type for c in calls if c and c.stream == stream.name)
        return next(asked, "text/event-stream")

    def _resume(self, stream: Stream) -> ResumePage | None:
        resume = stream.resume
        if resume is None:
            return None
        self.imports.use(_STREAM, "Resume")
        operation = self.operations[resume.operation]
        place = self.places[operation.resource]
        self.imports.use_code(fixed("crate::resources"), place.module)
        constant = self.constants[place_of(operation)]
        parameters = [
            assembled("({}, {})", rust.string(parameter), rust.string(field))
            for parameter, field in resume.parameters
        ]
        finished = [
            rust.integer(status)
            for status, meaning in resume.statuses
            if meaning == "finished"
        ]
        return ResumePage(
            operation=assembled("&{}::{}", place.module, constant),
            parameters=joined(", ", parameters),
            query=rust.option(resume.cursor_query),
            header=rust.option(resume.cursor_header),
            finished=joined(", ", finished),
        )

    def _decodes(
        self, stream: Stream, union: Union | None, event: Code
    ) -> tuple[Code, ...]:
        if union is None or not stream.enveloped:
            return ()
        lines: list[Code] = []
        for arm in self.definitions.arms(union):
            pattern = assembled("Some({})", rust.string(arm.variant.tag or ""))
            arguments = (fixed("data"), assembled("{}::{}", event, arm.name))
            lines.append(layout.call_arm(12, pattern, "variant", arguments))
        self.imports.use(_FOLD, "variant")
        return tuple(lines)

    def _event_names(
        self, stream: Stream, union: Union | None, event: Code
    ) -> tuple[Code, ...]:
        if union is None:
            return ()
        lines: list[Code] = []
        for arm in self.definitions.arms(union):
            variant = assembled("{}::{}", event, arm.name)
            text = rust.string(arm.variant.tag or "")
            lines.append(layout.variant_arm(12, variant, fixed("_"), text))
        if has_unknown(union) and union.tag is not None:
            self.imports.use(_FOLD, "tag")
            pattern = assembled("{}::Unknown(fields)", event)
            body = assembled("tag(fields, {})", rust.string(union.tag.property))
            lines.append(layout.arm(12, pattern, body))
        return tuple(lines)

    def _sequences(
        self, stream: Stream, union: Union | None, event: Code
    ) -> tuple[Code, ...]:
        if stream.sequence is None or union is None:
            return ()
        lines: list[Code] = []
        for case in stream.cases:
            struct = self.definitions.types.definitions[case.type.id]
            if not isinstance(struct, Struct):
                continue
            member = self.definitions.find(struct, stream.sequence)
            if member is None:
                continue
            self.imports.use(_FOLD, "number")
            arm = self.definitions.arm(union.id, case.type.id)
            variant = assembled("{}::{}", event, arm.name)
            body = assembled("number(event.{})", member.name)
            if layers := access.depth(member):
                place = access.flat(assembled("event.{}", member.name), layers)
                body = assembled("{}.and_then(number)", place)
            lines.append(layout.variant_arm(12, variant, fixed("event"), body))
        if has_unknown(union):
            self.imports.use(_FOLD, "unknown_number")
            pattern = assembled("{}::Unknown(fields)", event)
            body = assembled("unknown_number(fields, {})", rust.string(stream.sequence))
            lines.append(layout.arm(12, pattern, body))
        return tuple(lines)

    def _parameters(
        self, stream: Stream, union: Union | None, event: Code
    ) -> tuple[Code, ...]:
        """Say where events hold the texts that the resuming call needs."""
        if stream.resume is None or union is None:
            return ()
        lines: list[Code] = []
        for _, name in stream.resume.parameters:
            lines += self._parameter(stream, name, union, event)
        if has_unknown(union):
            self.imports.use(_FOLD, "text")
            pattern = assembled("(_, {}::Unknown(fields))", event)
            lines.append(layout.arm(12, pattern, fixed("text(fields, field)")))
        return tuple(lines)

    def _parameter(
        self, stream: Stream, name: str, union: Union, event: Code
    ) -> list[Code]:
        lines: list[Code] = []
        for case in stream.cases:
            struct = self.definitions.types.definitions[case.type.id]
            if not isinstance(struct, Struct):
                continue
            member = self.definitions.find(struct, name)
            if member is None or not self.definitions.types.is_text(member.type):
                continue
            arm = self.definitions.arm(union.id, case.type.id)
            pattern = assembled(
                "({}, {}::{}(event))", rust.string(name), event, arm.name
            )
            body = assembled("Some(&event.{})", member.name)
            if layers := access.depth(member):
                body = access.pointed(assembled("event.{}", member.name), layers)
            lines.append(layout.arm(12, pattern, body))
        return lines

    def _extractors(
        self, stream: Stream, union: Union | None, event: Code, methods: Scope
    ) -> tuple[ExtractorPage, ...]:
        if union is None:
            return ()
        cases = _cases(stream)
        writer = FoldWriter(self.definitions, self.imports, union, event)
        return tuple(
            self._extractor(stream, each, writer, cases[each.event], methods)
            for each in stream.extractors
        )

    def _assemblies(
        self, stream: Stream, union: Union | None, event: Code, methods: Scope
    ) -> tuple[AssemblyPage, ...]:
        if union is None:
            return ()
        writer = AssemblyWriter(
            stream=stream.name,
            kind=self.names[stream.name].kind,
            definitions=self.definitions,
            imports=self.imports,
            writer=FoldWriter(self.definitions, self.imports, union, event),
            cases=_cases(stream),
            functions=self._functions,
            constants=self._statics,
            methods=methods,
        )
        return tuple(writer.page(each) for each in stream.assemblies)

    def _typed(
        self, union: Union | None, kind: Code, event: Code
    ) -> tuple[TypedPage, ...]:
        """Say which types of events callbacks may ask for."""
        pages = [_typed_page(kind, event, event, None)]
        types = self.definitions.types
        seen = [] if union is None else [types.signature(Ref(union.id))]
        for arm in self.definitions.arms(union) if union is not None else ():
            key = types.signature(arm.variant.type)
            if key in seen:
                continue
            seen.append(key)
            type_ = types.write(arm.variant.type, self.imports, TYPES)
            variant = assembled("{}::{}", event, arm.name)
            pattern = layout.variant_arm(
                12, variant, fixed("event"), fixed("Some(event)")
            )
            pages.append(_typed_page(kind, type_, event, pattern))
        return tuple(pages)

    def _extractor(
        self,
        stream: Stream,
        extractor: Extractor,
        writer: FoldWriter,
        case: EventCase,
        methods: Scope,
    ) -> ExtractorPage:
        self.imports.use("crate::runtime::deltas", "Deltas")
        text = f"{stream.name}_{extractor.name}"
        function = claim_snake(self._functions, text, "pick")
        parameter = assembled("event: &{}", writer.event)
        tail = fixed(" -> Option<&str> {")
        return ExtractorPage(
            docs=rust.doc(
                f"Gives the pieces of `{extractor.name}`, as they arrive.", 4
            ),
            method=claim_snake(methods, f"{extractor.name}_deltas", "deltas"),
            function=function,
            signature=layout.signature(
                0, assembled("fn {}", function), (parameter,), tail
            ),
            statements=writer.extract(case, extractor.path),
        )


_FIXED: Final = {
    "Descriptor": fixed("Descriptor"),
    "EventOf": fixed("EventOf"),
    "EventStream": fixed("EventStream"),
    "StreamKind": fixed("StreamKind"),
}


_FRAMINGS: Final = {
    "sse": fixed("Framing::EventStream"),
    "jsonl": fixed("Framing::Lines"),
    "json-seq": fixed("Framing::Sequence"),
}
_STREAM_METHODS: Final = (
    "next",
    "close",
    "response",
    "collect_final",
    "deltas",
    "assembled",
    "until_done",
    "on",
)


def _typed_page(
    kind: Code, type_: Code, event: Code, pattern: Code | None
) -> TypedPage:
    head = assembled("impl EventOf<{}> for {} {{", kind, type_)
    if len(head) > layout.WIDTH:
        head = assembled("impl EventOf<{}>\n    for {}\n{{", kind, type_)
    parameter = layout.signature(
        4,
        fixed("fn of"),
        (assembled("event: &{}", event),),
        fixed(" -> Option<&Self> {"),
    )
    return TypedPage(head, parameter, pattern)


def _cases(stream: Stream) -> dict[str, EventCase]:
    return {case.name: case for case in stream.cases}
