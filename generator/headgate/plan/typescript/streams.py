"""The modules of streams: what is declared of each, its class and its accumulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import (
    access,
    doc_comment,
    identifier,
    literal,
    private_member,
    string,
    value_key,
)
from headgate.ir.types import Scalar, Struct, Union
from headgate.names import Name, Scope, camel, pascal, split_words
from headgate.plan.typescript.expressions import Types
from headgate.plan.typescript.folding import EVENT, Statements
from headgate.plan.typescript.imports import Imports
from headgate.plan.typescript.layout import (
    Array,
    Entry,
    Object,
    call_lines,
    open_object,
)
from headgate.plan.typescript.names import TAKEN_MEMBERS, Exported
from headgate.plan.typescript.requests import fixed_entries, security_entries
from headgate.plan.typescript.sums import sum_rule

if TYPE_CHECKING:
    from headgate.ir.api import Api
    from headgate.ir.streams import EventCase, Extractor, Fold, FoldRule, Resume, Stream
    from headgate.plan.typescript.names import Names

_OPTIONS = Exported(Name("RequestOptions"), "configuration")
_OWN_MEMBERS = TAKEN_MEMBERS | {
    *("close", "final", "isComplete", "lastEventId", "next", "observe", "on"),
    *("partial", "pick", "response", "return", "truncated"),
    "untilDone",
}


@dataclass(frozen=True, slots=True)
class FoldMethod:
    """A method of an accumulator: what one event does to the object."""

    head: Code
    lines: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class FoldCase:
    """The methods that one event calls; without a tag there is one kind of event."""

    tag: Code
    calls: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class AccumulatorPlan:
    """The class that folds a stream's events."""

    head: Code
    add: Code
    result_type: Code
    has_pieces: bool
    tag: Code | None
    cases: tuple[FoldCase, ...]
    methods: tuple[FoldMethod, ...]


@dataclass(frozen=True, slots=True)
class ExtractorPlan:
    """A method that gives a text out of the events, and the function behind it."""

    docs: Code
    name: Code
    function: Code
    head: Code
    lines: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class StreamPage:
    """The module of a stream."""

    header: Code
    imports: tuple[Code, ...]
    rule: Code
    docs: Code
    head: Code
    accumulator: AccumulatorPlan | None
    accumulator_name: Code
    sum: Code | None
    sum_rule: Code | None
    extractors: tuple[ExtractorPlan, ...]


def plan_stream(api: Api, names: Names, stream: Stream, header: Code) -> StreamPage:
    """Plan the module of one stream."""
    exported = names.streams[stream.name]
    imports = Imports(exported.module)
    types = Types(api, names, imports)
    event = types.write(stream.event)
    imports.type(_OPTIONS)
    imports.runtime_type("transport", "Transport")
    imports.runtime_type("request", "OperationRequest")
    rule_type = imports.runtime_type("reader", "StreamRule")
    name = identifier(exported.name)
    accumulator = _accumulator(types, stream, stream.fold, name, event)
    total = stream.fold if stream.fold and stream.fold.accumulation else None
    added = types.write(total.into) if total is not None else None
    result = accumulator.result_type if accumulator is not None else added
    return StreamPage(
        header=header,
        rule=assembled(
            "const rule: {} = {};", rule_type, open_object(_rule(types, stream), 0)
        ),
        docs=doc_comment(
            stream.docs.text or f"The events of a {stream.name} stream.",
            deprecated=stream.docs.deprecated,
        ),
        head=_class_head(imports, name, _arguments(types, stream, event, result)),
        accumulator=accumulator,
        accumulator_name=assembled("{}Accumulator", name),
        sum=_sum_class(imports, event, added) if added is not None else None,
        sum_rule=sum_rule(imports, total.accumulation)
        if total is not None and total.accumulation is not None
        else None,
        extractors=_extractors(types, stream),
        imports=imports.lines(),
    )


def _sum_class(imports: Imports, event: Code, result: Code) -> Code:
    return assembled("{}<{}, {}>", imports.runtime("sums", "Summing"), event, result)


@dataclass(frozen=True, slots=True)
class _Arguments:
    """What a stream's class is told: its event and the property that tags it."""

    event: Code
    result: Code | None
    tag: Code | None


def _arguments(
    types: Types, stream: Stream, event: Code, result: Code | None
) -> _Arguments:
    union = types.resolve(stream.event)
    if not isinstance(union, Union) or union.tag is None:
        return _Arguments(event, result, None)
    is_told_apart = union.tag.property == stream.discriminator
    tag = string(union.tag.property) if is_told_apart else None
    return _Arguments(event, result, tag)


def _class_head(imports: Imports, name: Code, arguments: _Arguments) -> Code:
    written = [arguments.event]
    if arguments.result is None:
        base = imports.runtime("stream", "EventStream")
    else:
        base = imports.runtime("accumulated", "AccumulatedStream")
        written.append(arguments.result)
    if arguments.tag is not None:
        written.append(arguments.tag)
    line = assembled(
        "export class {} extends {}<{}> {{", name, base, joined(", ", written)
    )
    if len(line) <= 100 or len(written) == 1:
        return line
    lines = joined(",\n  ", written)
    return assembled("export class {} extends {}<\n  {}\n> {{", name, base, lines)


def _rule(types: Types, stream: Stream) -> list[Entry]:
    entries = _framing(types, stream)
    if stream.discriminator is not None:
        entries.append(Entry(fixed("discriminator"), string(stream.discriminator)))
    if isinstance(stream.event, Scalar) and stream.event.kind == "string":
        entries.append(Entry(fixed("text"), fixed("true")))
    endings = [
        Entry(value_key(case.name), string(case.ending))
        for case in stream.cases
        if case.ending is not None
    ]
    entries.append(Entry(fixed("endings"), Object(tuple(endings))))
    beats = tuple(string(case.name) for case in stream.cases if case.heartbeat)
    entries.append(Entry(fixed("heartbeats"), Array(beats)))
    if stream.sentinel is not None:
        entries.append(Entry(fixed("sentinel"), string(stream.sentinel)))
    if stream.error is not None:
        error = [Entry(fixed("field"), string(stream.error.field))]
        if stream.error.event is not None:
            error.insert(0, Entry(fixed("event"), string(stream.error.event)))
        entries.append(Entry(fixed("error"), Object(tuple(error))))
    if stream.sequence is not None:
        entries.append(Entry(fixed("sequence"), string(stream.sequence)))
    if stream.frames:
        entries.append(Entry(fixed("whole"), _whole(types, stream)))
    if stream.resume is not None:
        entries += _resume(types.api, stream.resume)
    return entries


def _whole(types: Types, stream: Stream) -> Code:
    kinds = [Entry(value_key(name), string(kind)) for name, kind in stream.frames]
    function = types.imports.runtime("frames", "wholeFrames")
    return assembled("{}({})", function, open_object(kinds, 2))


def _framing(types: Types, stream: Stream) -> list[Entry]:
    """Say how events lie in the bytes, unless they are server-sent events."""
    if stream.framing == "sse":
        return []
    calls = (each.stream for each in types.api.operations)
    media_type = next(
        call.media_type for call in calls if call and call.stream == stream.name
    )
    return [
        Entry(fixed("mediaType"), string(media_type.lower())),
        Entry(fixed("decoder"), types.imports.runtime("lines", "lineDecoder")),
    ]


def _resume(api: Api, resume: Resume) -> list[Entry]:
    operation = next(each for each in api.operations if each.id == resume.operation)
    request = [*fixed_entries(operation), *security_entries(api, operation.security)]
    parameters = [Entry(value_key(name), string(of)) for name, of in resume.parameters]
    entries = [
        Entry(fixed("request"), Object(tuple(request))),
        Entry(fixed("parameters"), Object(tuple(parameters))),
    ]
    if resume.cursor_query is not None:
        entries.append(Entry(fixed("query"), string(resume.cursor_query)))
    if resume.cursor_header is not None:
        entries.append(Entry(fixed("header"), string(resume.cursor_header)))
    entries += [
        Entry(fixed("finished"), literal(status))
        for status, meaning in resume.statuses
        if meaning == "finished"
    ][:1]
    return [Entry(fixed("resume"), Object(tuple(entries)))]


def _accumulator(
    types: Types, stream: Stream, fold: Fold | None, name: Code, event: Code
) -> AccumulatorPlan | None:
    """Events that nothing in them tells apart cannot be folded."""
    if fold is None or fold.accumulation or not is_told_apart(types, stream):
        return None
    result = types.write(fold.into)
    accumulator = types.imports.runtime_type("accumulated", "Accumulator")
    methods: list[FoldMethod] = []
    calls: dict[str, list[Code]] = {}
    scope = Scope()
    for rule in fold.rules:
        method = scope.claim(_method_name(rule), "fold")
        methods.append(_fold_method(types, _case(stream, rule.event), rule, method))
        call = assembled("this.{}(event);", private_member(method))
        calls.setdefault(rule.event, []).append(call)
    has_pieces = any("this.#pieces" in line.text for m in methods for line in m.lines)
    if has_pieces:
        types.imports.runtime("accumulated", "JsonPieces")
    union = types.resolve(stream.event)
    return AccumulatorPlan(
        head=_accumulator_head(name, accumulator, event, result),
        add=call_lines(
            fixed("add"), [assembled("event: {}", event)], fixed(": void {"), 2
        ),
        result_type=result,
        has_pieces=has_pieces,
        tag=tag_of(union),
        cases=tuple(FoldCase(string(of), tuple(made)) for of, made in calls.items()),
        methods=tuple(methods),
    )


def _accumulator_head(name: Code, base: Code, event: Code, result: Code) -> Code:
    line = assembled(
        "class {}Accumulator implements {}<{}, {}> {{", name, base, event, result
    )
    if len(line) <= 100:
        return line
    return assembled(
        "class {}Accumulator implements {}<\n  {},\n  {}\n> {{",
        name,
        base,
        event,
        result,
    )


def is_told_apart(types: Types, stream: Stream) -> bool:
    """Say whether a property tells the events apart that the rule names."""
    event = types.resolve(stream.event)
    if isinstance(event, Union):
        return event.tag is not None and event.tag.property == stream.discriminator
    return isinstance(event, Struct)


def tag_of(event: object) -> Code | None:
    """Write what tells events apart; None if they are all of one kind."""
    if isinstance(event, Union) and event.tag is not None:
        return assembled("event{}", access(event.tag.property))
    return None


def _case(stream: Stream, name: str) -> EventCase:
    return next(case for case in stream.cases if case.name == name)


def _method_name(rule: FoldRule) -> str:
    words = split_words(rule.event)
    if rule.guard is None:
        return camel(words)
    return camel(words) + pascal(split_words(rule.guard.value))


def _fold_method(
    types: Types, case: EventCase, rule: FoldRule, name: Name
) -> FoldMethod:
    body = Statements(types, fixed("return;"), depth=4)
    body.guard(rule.guard)
    for action in rule.actions:
        body.act(action)
    head = call_lines(
        private_member(name),
        [assembled("event: {}", types.write(case.type))],
        fixed(": void {"),
        2,
    )
    return FoldMethod(head, tuple(body.lines))


def _extractors(types: Types, stream: Stream) -> tuple[ExtractorPlan, ...]:
    """Plan the methods that give parts of the events."""
    if not is_told_apart(types, stream):
        return ()
    members = Scope(reserved=_OWN_MEMBERS)
    functions = Scope(reserved=frozenset({"rule"}))
    return tuple(
        _extractor(types, stream, each, members, functions)
        for each in stream.extractors
    )


def _extractor(
    types: Types,
    stream: Stream,
    extractor: Extractor,
    members: Scope,
    functions: Scope,
) -> ExtractorPlan:
    words = split_words(extractor.name)
    member = members.claim(f"{camel(words)}Deltas", "part")
    function = functions.claim(f"{camel(words)}Delta", "part")
    body = Statements(types, fixed("return undefined;"), depth=2)
    tag = tag_of(types.resolve(stream.event))
    if tag is not None:
        test = assembled("if ({} !== {}) {}", tag, string(extractor.event), body.leave)
        body.say(test)
    found = body.walk(EVENT, extractor.path)
    shown = assembled("{} ?? undefined", found.code) if found.null else found.code
    body.say(assembled("return {};", shown))
    head = call_lines(
        assembled("function {}", identifier(function)),
        [assembled("event: {}", types.write(stream.event))],
        fixed(": string | undefined {"),
        0,
    )
    return ExtractorPlan(
        docs=doc_comment(_extractor_docs(extractor), depth=2),
        name=identifier(member),
        function=identifier(function),
        head=head,
        lines=tuple(body.lines),
    )


def _extractor_docs(extractor: Extractor) -> str:
    words = " ".join(split_words(extractor.name))
    return f"Gives the pieces of {words} as they arrive."
