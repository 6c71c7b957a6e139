"""The module of objects whose JSON comes in pieces, each given once it is whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import doc_comment, identifier, string
from headgate.ir.types import Ref
from headgate.names import Name, Scope, camel, split_words
from headgate.plan.typescript.expressions import Types
from headgate.plan.typescript.folding import EVENT, Statements
from headgate.plan.typescript.imports import Imports
from headgate.plan.typescript.layout import WIDTH, Entry, call_lines, open_object
from headgate.plan.typescript.names import RESERVED_WORDS, TAKEN_FUNCTIONS
from headgate.plan.typescript.page import BesidePage, Extra
from headgate.plan.typescript.streams import is_told_apart, tag_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headgate.ir.api import Api
    from headgate.ir.streams import Assembly, Moment, Stream
    from headgate.plan.typescript.names import Names

ASSEMBLIES = "assemblies"


@dataclass(frozen=True, slots=True)
class _Assembled:
    """What one stream's events come to: its class, the rule's name, what it gives."""

    stream: Code
    rule: Code
    type: Code


def assembly_names(api: Api, names: Names) -> dict[str, Name]:
    """Name the functions that give whole objects, by the spec's word for these."""
    taken = {each.text for each in names.surface.values()}
    exported = Scope(reserved=RESERVED_WORDS | TAKEN_FUNCTIONS | taken)
    types = Types(api, names, Imports(ASSEMBLIES))
    found: dict[str, Name] = {}
    for _, assembly in _assemblies(types):
        if assembly.name not in found:
            wanted = f"{camel((*split_words(assembly.name), 'call'))}s"
            found[assembly.name] = exported.claim(wanted, "calls")
    return found


def plan_assemblies(api: Api, names: Names, header: Code) -> BesidePage | None:
    """Plan the module; none if no stream has anything to put together."""
    types = Types(api, names, Imports(ASSEMBLIES))
    functions = Scope(reserved=RESERVED_WORDS | {"assembled", "stream", "event"})
    constants: list[Code] = []
    parts: list[Extra] = []
    given: dict[str, list[_Assembled]] = {}
    docs: dict[str, Code] = {}
    for stream, assembly in _assemblies(types):
        writer = _Functions(types, stream, assembly, functions)
        constants.append(writer.rule())
        parts += writer.parts
        given.setdefault(assembly.name, []).append(writer.assembled())
        docs.setdefault(assembly.name, _docs(assembly))
    if not given:
        return None
    start = types.imports.runtime("assembly", "assembled")
    shown = [
        _function(start, name, docs[word], given[word])
        for word, name in assembly_names(api, names).items()
    ]
    lines = types.imports.lines()
    return BesidePage(header, lines, tuple(constants), (), (*shown, *parts))


def _assemblies(types: Types) -> Iterator[tuple[Stream, Assembly]]:
    for stream in types.api.streams.values():
        if is_told_apart(types, stream) and tag_of(types.resolve(stream.event)):
            yield from ((stream, each) for each in stream.assemblies)


def _docs(assembly: Assembly) -> Code:
    words = " ".join((*split_words(assembly.name), "call"))
    return doc_comment(
        f"Gives each {words} once it is whole, with its `{assembly.into.name}` read."
    )


def _function(start: Code, name: Name, docs: Code, given: list[_Assembled]) -> Extra:
    streams = joined(" | ", [each.stream for each in given])
    kinds = dict.fromkeys(each.type.text for each in given)
    types = [next(e.type for e in given if e.type.text == kind) for kind in kinds]
    result = joined(" | ", [assembled("AsyncIterable<{}>", each) for each in types])
    *others, last = given
    lines = [
        _case(
            assembled("  if (stream instanceof {})", each.stream),
            assembled("return {}(stream, {});", start, each.rule),
        )
        for each in others
    ]
    lines.append(assembled("  return {}(stream, {});", start, last.rule))
    return Extra(
        docs=docs,
        head=call_lines(
            assembled("export function {}", identifier(name)),
            [assembled("stream: {}", streams)],
            assembled(": {} {{", result),
            0,
        ),
        lines=tuple(lines),
    )


def _case(test: Code, statement: Code) -> Code:
    line = assembled("{} {}", test, statement)
    return line if len(line) <= WIDTH else assembled("{}\n    {}", test, statement)


class _Functions:
    """Writes the rule of one stream's assembly, and its functions."""

    def __init__(
        self, types: Types, stream: Stream, assembly: Assembly, scope: Scope
    ) -> None:
        self._types = types
        self._stream = stream
        self._assembly = assembly
        self._scope = scope
        self._event = types.write(stream.event)
        self._tag = tag_of(types.resolve(stream.event)) or fixed("event")
        self._found = types.write(Ref(assembly.object))
        words = (*split_words(stream.name), *split_words(assembly.name), "call")
        self._start = camel(words)
        self._rule = identifier(scope.claim(f"{self._start}Rule", "rule"))
        self.parts: list[Extra] = []

    def assembled(self) -> _Assembled:
        """Say what the exported function does with the stream."""
        exported = self._types.names.streams[self._stream.name]
        stream = self._types.imports.value(exported)
        return _Assembled(stream, self._rule, self._found)

    def rule(self) -> Code:
        """Write the rule."""
        assembly = self._assembly
        entries = [Entry(fixed("into"), string(assembly.into.name))]
        for key, moment, value in (
            (fixed("begin"), assembly.begin, self._found),
            (fixed("text"), assembly.text, fixed("string")),
            (fixed("end"), assembly.end, None),
        ):
            entries.append(Entry(key, self._moment(key, moment, value)))
        if assembly.discarded_by:
            discards = self._discarding(assembly.discarded_by)
            entries.append(Entry(fixed("discards"), discards))
        kind = self._types.imports.runtime_type("assembly", "AssemblyRule")
        head = assembled(
            "const {}: {}<{}, {}> =", self._rule, kind, self._event, self._found
        )
        return assembled("{} {};", head, open_object(entries, 0))

    def _moment(self, key: Code, moment: Moment, value: Code | None) -> Code:
        """Write the function that reads a key and, unless at the end, a value."""
        body = Statements(self._types, fixed("return undefined;"), depth=2)
        test = assembled(
            "if ({} !== {}) {}", self._tag, string(moment.event), body.leave
        )
        body.say(test)
        found = body.surely(body.walk(EVENT, moment.key)).code
        result = fixed("unknown")
        if value is not None:
            read = body.surely(body.walk(EVENT, moment.value)).code
            found = assembled("[{}, {}]", found, read)
            result = assembled("readonly [unknown, {}] | undefined", value)
        body.say(assembled("return {};", found))
        return self._function(key, result, tuple(body.lines))

    def _discarding(self, kinds: tuple[str, ...]) -> Code:
        """Write the function that says whether an event drops what is not whole."""
        tests = [assembled("{} === {}", self._tag, string(kind)) for kind in kinds]
        line = assembled("  return {};", joined(" || ", tests))
        return self._function(fixed("discard"), fixed("boolean"), (line,))

    def _function(self, key: Code, result: Code, lines: tuple[Code, ...]) -> Code:
        wanted = f"{self._start}{key.text.capitalize()}"
        name = identifier(self._scope.claim(wanted, "part"))
        head = call_lines(
            assembled("function {}", name),
            [assembled("event: {}", self._event)],
            assembled(": {} {{", result),
            0,
        )
        self.parts.append(Extra(fixed(""), head, lines))
        return name
