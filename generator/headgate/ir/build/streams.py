"""From media types and declarations to streams."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, cast

from headgate.document.json_values import escape
from headgate.ir.build.assemblies import AssemblyReader
from headgate.ir.build.flags import find_flag, find_query_flag, find_sentinel
from headgate.ir.build.folds import FoldReader
from headgate.ir.build.media import MEDIA_TYPES, framing_of, is_stream
from headgate.ir.build.paths import PathProblem, PathReader
from headgate.ir.build.reader import (
    COMPONENT,
    Node,
    Object,
    Reader,
    as_list,
    as_object,
    docs_of,
    is_object,
    text_at,
)
from headgate.ir.build.wholes import Framed, only_names_tell, read_frames
from headgate.ir.operations import QueryFlag, StreamCall
from headgate.ir.streams import (
    ErrorEvent,
    EventCase,
    FieldStep,
    Fold,
    Nested,
    Resume,
    Stream,
)
from headgate.ir.types import (
    Definition,
    Json,
    Ref,
    Scalar,
    TypeExpr,
    TypeId,
    Union,
    Variant,
)
from headgate.names import snake, split_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headgate.ir.build.naming import Place
    from headgate.ir.build.operations import OperationReader
    from headgate.ir.build.raw import RawOperation
    from headgate.ir.build.schemas import SchemaReader
    from headgate.ir.streams import Ending, FrameData, Framing


_DECLARING = frozenset(
    {"event", "framing", "sentinel", "ends", "heartbeats", "error", "sequence"}
    | {"resume", "fold", "deltas", "calls", "discriminator", "named", "doc"}
)


@dataclass(frozen=True, slots=True)
class RawStream:
    """A stream whose event type is known, before its cases are."""

    name: str
    event: TypeExpr
    framing: Framing
    enveloped: bool
    declaration: Node | None
    pointer: str
    sentinel: str | None
    frames: tuple[tuple[str, FrameData], ...] = ()


@dataclass(slots=True)
class StreamReader:
    """Finds the streams of a document; `frames` are schemas that only frame events."""

    reader: Reader
    schemas: SchemaReader
    operations: OperationReader
    settings: Mapping[str, Object]
    found: dict[str, RawStream] = field(default_factory=dict[str, RawStream])
    frames: set[TypeId] = field(default_factory=set[TypeId])

    def call(self, raw: RawOperation, place: Place) -> StreamCall | None:
        """Say how an operation streams, if it does."""
        declared = self._declared(raw)
        content = self._content(raw, declared)
        if content is None:
            return None
        media_type, media, has_twin = content
        name = text_at(declared, "name") or _name(place)
        sentinel = find_sentinel(self.reader, raw, media)
        self._remember(name, (media_type, media), declared, sentinel)
        in_body = find_flag(self.reader, raw, declared)
        in_query = None if in_body else find_query_flag(self.reader, raw, declared)
        return StreamCall(
            stream=name,
            method=text_at(declared, "method") or _method(place, has_twin=has_twin),
            media_type=media_type,
            asked_by=in_body,
            location=self.reader.locate(media.pointer),
            unfinished_when=_unfinished(as_object(declared.get("unfinished_when"))),
            alone=not has_twin,
            asked_in_query=in_query,
        )

    def _declared(self, raw: RawOperation) -> Object:
        """Give what `headgate.toml` or else `x-stream` says of an operation."""
        settings = self.settings.get(raw.id) or self.settings.get(raw.spot)
        return settings or as_object(raw.node.value.get("x-stream"))

    def _content(
        self, raw: RawOperation, declared: Object
    ) -> tuple[str, Node, bool] | None:
        contents = [
            pair
            for _, response in self.operations.successes(raw)
            for pair in response.objects("content")
        ]
        has_twin = any(not is_stream(name) for name, _ in contents)
        streams = [pair for pair in contents if is_stream(pair[0])]
        if streams:
            return *self._preferred(streams), has_twin
        if "event" not in declared and "name" not in declared:
            return None
        framing = text_at(declared, "framing") or "sse"
        media_type = text_at(declared, "media_type") or MEDIA_TYPES[framing]
        return media_type, Node({}, raw.node.pointer), has_twin

    def _preferred(self, streams: Sequence[tuple[str, Node]]) -> tuple[str, Node]:
        """Choose one of the media types that the same events may come in.

        Event streams come first: they alone can be resumed.
        """
        ranked = sorted(streams, key=lambda pair: framing_of(pair[0]) != "sse")
        preferred = ranked[0]
        for other, media in ranked[1:]:
            if other != preferred[0]:
                message = f"the events are read as {preferred[0]}, not as {other} too"
                self.reader.report(
                    "framing-left-out", message, media.pointer, "warning"
                )
        return preferred

    def _remember(
        self,
        name: str,
        content: tuple[str, Node],
        declared: Object,
        sentinel: str | None,
    ) -> None:
        if name in self.found:
            return
        media_type, media = content
        declaration = self._declaration(name) or self._inline(declared, media)
        framing = framing_of(media_type) or "sse"
        payloads = self._framed(media) if framing == "sse" else None
        enveloped = payloads is not None
        whole: tuple[tuple[str, FrameData], ...] = ()
        words = (*split_words(name), "event")
        if declaration is not None and "event" in declaration.value:
            event = self.schemas.expression_at(declaration, "event", words)
        else:
            event, whole = self._event(name, media, payloads)
        if event in (Json(), Scalar("string")) and declaration is None:
            message = f"the document does not say what the events of '{name}' are"
            self.reader.report("untyped-stream", message, media.pointer, "warning")
        self.found[name] = RawStream(
            name,
            event,
            framing,
            enveloped,
            declaration,
            media.pointer,
            sentinel,
            whole,
        )

    def _declaration(self, name: str) -> Node | None:
        return dict(self.reader.root.objects("x-streams")).get(name)

    def _inline(self, declared: Object, media: Node) -> Node | None:
        """Take what `x-stream` itself says of the stream for its declaration.

        A schema may be given by its name alone, as `headgate.toml` has to.
        """
        value = {key: part for key, part in declared.items() if key in _DECLARING}
        if isinstance(value.get("event"), str):
            value["event"] = self._schema(str(value["event"]), media)
        fold = as_object(value.get("fold"))
        if isinstance(fold.get("into"), str):
            value["fold"] = {**fold, "into": self._schema(str(fold["into"]), media)}
        return Node(value, media.pointer) if value else None

    def _schema(self, name: str, media: Node) -> Object:
        target = COMPONENT + escape(name)
        if self.reader.at(target) is not None:
            return {"$ref": target}
        message = f"the document has no schema '{name}' for the events of a stream"
        self.reader.report("unknown-schema", message, media.pointer)
        return {}

    def _framed(self, media: Node) -> list[Framed] | None:
        """Give the schemas of the payloads, if the events stand inside frames."""
        frame = _items(media)
        if frame is None:
            return None
        resolved = self.reader.resolve(frame)
        payloads = self._payloads(resolved, set())
        if payloads is not None and all(each.data is None for each in payloads):
            # What has nothing but a name may as well be the JSON of an event.
            payloads = None
        if payloads is not None:
            self._note_frames(frame, resolved)
        return payloads

    def _event(
        self, name: str, media: Node, payloads: list[Framed] | None
    ) -> tuple[TypeExpr, tuple[tuple[str, FrameData], ...]]:
        """Read the type of the events where no declaration names it."""
        frame = _items(media)
        words = (*split_words(name), "event")
        if frame is None or _is_raw_text(frame):
            return Json(), ()
        if payloads is None:
            return self.schemas.expression(frame, words), ()
        types = [
            None if each.data is None else self.schemas.expression(each.data, words)
            for each in payloads
        ]
        if only_names_tell(payloads, types, self.schemas):
            return read_frames(payloads, types, self.schemas, name)
        self._report_empty(payloads)
        some = (each for each in types if each is not None)
        distinct = tuple(map(Variant, dict.fromkeys(some)))
        if len(distinct) == 1:
            return distinct[0].type, ()
        frame = self.reader.resolve(frame)
        return self.schemas.union_of(frame, distinct, words), ()

    def _report_empty(self, payloads: list[Framed]) -> None:
        """Say which frames are no events, for nothing tells them from others."""
        for each in payloads:
            if each.data is None:
                message = "a frame without data is no event: another has its name"
                place = each.frame.pointer
                self.reader.report("frame-left-out", message, place, "warning")

    def _payloads(self, frame: Node, seen: set[str]) -> list[Framed] | None:
        """Find the schemas of the JSON inside a frame `{event, id, data}`.

        A union of frames that is a branch of itself adds nothing there.
        """
        if frame.pointer in seen:
            return []
        seen.add(frame.pointer)
        branches = [*frame.items("oneOf"), *frame.items("anyOf")]
        if branches:
            parts = [self._payloads(self.reader.resolve(b), seen) for b in branches]
            if any(part is None for part in parts):
                return None
            return [framed for part in parts if part for framed in part]
        data = dict(frame.objects("properties")).get("data")
        names = as_object(frame.value.get("properties")).keys()
        if data is None:
            is_empty = "event" in names and names <= {"event", "id", "retry"}
            return [Framed(frame, None)] if is_empty else None
        inner = self.reader.resolve(data)
        if is_object(inner.value.get("contentSchema")):
            content = inner.value["contentSchema"]
            payload = Node(content, inner.child("contentSchema"))
            return [Framed(frame, payload, is_json=True)]
        is_frame = names <= {"event", "id", "data", "retry"}
        return [Framed(frame, data)] if is_frame else None

    def _note_frames(self, node: Node, resolved: Node) -> None:
        for frame in (node, *resolved.items("oneOf"), *resolved.items("anyOf")):
            target = frame.value.get("$ref")
            if isinstance(target, str):
                self.frames.add(TypeId(target.rpartition("/")[2]))

    def finish(self, definitions: Mapping[TypeId, Definition]) -> dict[str, Stream]:
        """Settle all streams, a carried one before the one that carries it."""
        finished: dict[str, Stream] = {}
        for name in self.found:
            self._finish(name, definitions, finished)
        return {name: finished[name] for name in self.found if name in finished}

    def _finish(
        self,
        name: str,
        definitions: Mapping[TypeId, Definition],
        finished: dict[str, Stream],
    ) -> None:
        raw = self.found.get(name)
        if name in finished or raw is None:
            return
        declaration = raw.declaration or Node({}, raw.pointer)
        for _, carried in declaration.objects("nested"):
            inner = str(carried.value.get("stream"))
            if inner != name:
                self._finish(inner, definitions, finished)
        finished[name] = self._settled(raw, declaration, definitions, finished)

    def _settled(
        self,
        raw: RawStream,
        declaration: Node,
        definitions: Mapping[TypeId, Definition],
        finished: Mapping[str, Stream],
    ) -> Stream:
        value = declaration.value
        discriminator = _discriminator(raw.event, definitions, value)
        enveloped = raw.enveloped and value.get("named") is not False
        cases = _cases(raw.event, definitions, value)
        by_name = {case.name: case for case in cases}
        folds = FoldReader(self.reader, definitions, by_name)
        nested = self._nested(declaration, by_name, definitions)
        inner = tuple(
            extractor
            for carrier in nested
            if carrier.stream in finished
            for extractor in finished[carrier.stream].extractors
        )
        extractors = folds.extractors(declaration, nested, inner)
        calls = AssemblyReader(
            self.reader, definitions, by_name, {each.name: each for each in extractors}
        )
        carried = tuple(
            assembly
            for carrier in nested
            if carrier.stream in finished
            for assembly in finished[carrier.stream].assemblies
        )
        return Stream(
            name=raw.name,
            event=raw.event,
            discriminator=discriminator,
            framing=cast("Framing", text_at(value, "framing") or raw.framing),
            enveloped=enveloped,
            cases=cases,
            declared=raw.declaration is not None,
            sentinel=_sentinel(raw),
            error=_error(value, is_named=enveloped or discriminator is not None),
            sequence=text_at(value, "sequence"),
            resume=_resume(as_object(value.get("resume"))),
            fold=self._fold(declaration, folds),
            extractors=extractors,
            nested=nested,
            docs=docs_of(value),
            location=self.reader.locate(declaration.pointer),
            assemblies=calls.assemblies(declaration, nested, carried),
            frames=raw.frames,
        )

    def _fold(self, declaration: Node, folds: FoldReader) -> Fold | None:
        value = declaration.value.get("fold")
        if not is_object(value):
            return None
        node = Node(value, declaration.child("fold"))
        into = self.schemas.expression_at(node, "into", ("fold",))
        return folds.fold(node, into)

    def _nested(
        self,
        declaration: Node,
        cases: Mapping[str, EventCase],
        definitions: Mapping[TypeId, Definition],
    ) -> tuple[Nested, ...]:
        found: list[Nested] = []
        for event, node in declaration.objects("nested"):
            case = cases.get(event)
            if case is None:
                message = f"'{event}' is no event of this stream"
                self.reader.report("unknown-event", message, node.pointer)
                continue
            at = str(node.value.get("at"))
            try:
                step = PathReader(definitions, case.type).source(at)[-1]
            except PathProblem as problem:
                self.reader.report("unknown-field", str(problem), node.pointer)
                continue
            if isinstance(step, FieldStep):
                found.append(Nested(event, step, str(node.value.get("stream"))))
        return tuple(found)


def _items(media: Node) -> Node | None:
    """Give the schema of a stream's items: OpenAPI 3.2's own key, or the usual one.

    `x-line-schema` inside it says what the lines of a file are.
    """
    for key in ("itemSchema", "schema"):
        value = media.value.get(key)
        if is_object(value):
            node = Node(value, media.child(key))
            line = value.get("x-line-schema")
            inner = node.child("x-line-schema")
            return Node(line, inner) if is_object(line) else node
    return None


def _is_raw_text(frame: Node) -> bool:
    """Whether the schema only says that a body is bytes."""
    return frame.value.get("format") == "binary"


def _name(place: Place) -> str:
    """Name a stream after its operation; that it streams need not be said twice."""
    parts = place.resource if place.method == "stream" else ()
    return snake(split_words("_".join(parts or (*place.resource, place.method))))


def _method(place: Place, *, has_twin: bool) -> str:
    if not has_twin:
        return place.method
    return "stream" if place.method == "create" else f"{place.method}_stream"


def _unfinished(declared: Object) -> QueryFlag | None:
    name = text_at(declared, "query")
    return QueryFlag(name, declared.get("value", True)) if name else None


def _cases(
    event: TypeExpr, definitions: Mapping[TypeId, Definition], declaration: Object
) -> tuple[EventCase, ...]:
    definition = definitions.get(event.id) if isinstance(event, Ref) else None
    if not isinstance(definition, Union) or definition.tag is None:
        return ()
    heartbeats = as_list(declaration.get("heartbeats"))
    endings = _endings(declaration)
    return tuple(
        EventCase(
            name=variant.tag,
            type=variant.type,
            ending=endings.get(variant.tag),
            heartbeat=variant.tag in heartbeats,
        )
        for variant in definition.variants
        if variant.tag is not None and isinstance(variant.type, Ref)
    )


def _endings(declaration: Object) -> dict[str, Ending]:
    """Say which events end the stream: those that lead to an end state."""
    found: dict[str, Ending] = {
        str(event): "complete" for event in as_list(declaration.get("ends"))
    }
    ends = as_object(declaration.get("ends"))
    if "states" not in declaration:
        found |= {event: cast("Ending", ending) for event, ending in ends.items()}
    for transitions in as_object(declaration.get("states")).values():
        for event, transition in as_object(transitions).items():
            ending = ends.get(as_object(transition).get("to", ""))
            if ending is not None:
                found[event] = cast("Ending", ending)
    for event, end in as_object(declaration.get("from_any")).items():
        found[event] = cast("Ending", ends.get(end, end))
    return found


def _discriminator(
    event: TypeExpr, definitions: Mapping[TypeId, Definition], declaration: Object
) -> str | None:
    definition = definitions.get(event.id) if isinstance(event, Ref) else None
    if isinstance(definition, Union) and definition.tag is not None:
        return definition.tag.property
    return text_at(declaration, "discriminator")


def _sentinel(raw: RawStream) -> str | None:
    """Give what is declared; what is only told counts where nothing is declared."""
    if raw.declaration is not None:
        return text_at(raw.declaration.value, "sentinel")
    return raw.sentinel if raw.framing == "sse" else None


def _error(declaration: Object, *, is_named: bool) -> ErrorEvent | None:
    """Say which event carries an error; where none has a name, the field tells."""
    error = as_object(declaration.get("error"))
    event, at = text_at(error, "event"), text_at(error, "at")
    if not event or not at:
        return None
    return ErrorEvent(event if is_named else None, at)


_MEANINGS: Final[tuple[Literal["finished", "unknown", "expired"], ...]] = (
    "finished",
    "unknown",
    "expired",
)


def _resume(declared: Object) -> Resume | None:
    operation = text_at(declared, "operation")
    if operation is None:
        return None
    cursor = as_object(declared.get("cursor"))
    return Resume(
        operation=operation,
        parameters=tuple(
            (name, str(source))
            for name, source in as_object(declared.get("parameters")).items()
        ),
        cursor_query=text_at(cursor, "query"),
        cursor_header=text_at(cursor, "header"),
        statuses=tuple(
            (int(status), meaning)
            for status, meaning in as_object(declared.get("statuses")).items()
            if meaning in _MEANINGS and str(status).isdecimal()
        ),
    )
