"""What a stream's readers are told: callbacks by event, objects put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.python import docstring, string
from headgate.plan.python.context import Context, name
from headgate.plan.python.folds import Block, PathWriter
from headgate.plan.python.layout import Atom, Subscript, flat, optional, parameter_line
from headgate.plan.python.names import attribute

if TYPE_CHECKING:
    from headgate.ir.streams import Assembly, Moment, Stream
    from headgate.ir.types import TypeId
    from headgate.plan.python.imports import Imports
    from headgate.plan.python.types import Writer


@dataclass(frozen=True, slots=True)
class OverloadPage:
    """The parameters of `on` for one kind of event."""

    name: Code
    callback: Code


@dataclass(frozen=True, slots=True)
class AssemblyPage:
    """A class that puts objects together, and the methods that stream them."""

    own: Code
    head: Code
    docs: Code
    into: Code
    returns: Code
    body: tuple[Code, ...]
    method: Code
    method_docs: Code
    value: Code


class AssemblyPlan:
    """Plans the callbacks and the assemblies of one stream."""

    def __init__(
        self, stream: Stream, context: Context, imports: Imports, writer: Writer
    ) -> None:
        self._stream = stream
        self._context = context
        self._imports = imports
        self._paths = PathWriter(context, imports, writer)
        self._types: dict[str, TypeId] = {
            case.name: case.type.id for case in stream.cases
        }

    def overloads(self) -> tuple[OverloadPage, ...]:
        """Plan `on` for every kind of event that is delivered, not raised."""
        error = self._stream.error
        raised = error.event if error is not None else None
        kinds = [case for case in self._stream.cases if case.name != raised]
        if not kinds:
            return ()
        self._imports.use(".._runtime.callbacks", "EventCallbacks")
        self._imports.use("typing", "Self")
        if len(kinds) > 1:
            self._imports.use("typing", "Any")
            self._imports.use("typing", "overload")
        return tuple(self._overload(case.name, case.type.id) for case in kinds)

    def _overload(self, kind: str, id_: TypeId) -> OverloadPage:
        literal = self._imports.use("typing", "Literal")
        function = self._imports.use("collections.abc", "Callable")
        taken = assembled("[{}]", self._paths.classes((id_,)))
        callback = Subscript(function, (Atom(taken), Atom(fixed("object"))))
        tag = Subscript(literal, (Atom(string(kind)),))
        return OverloadPage(
            parameter_line(fixed("name: "), tag, 8),
            parameter_line(fixed("callback: "), callback, 8),
        )

    def assemblies(self) -> tuple[AssemblyPage, ...]:
        """Plan the classes that put objects together."""
        return tuple(map(self._assembly, self._stream.assemblies))

    def _assembly(self, assembly: Assembly) -> AssemblyPage:
        base = self._imports.use(".._runtime.assembly", "Assembly")
        value = self._paths.classes((assembly.object,))
        own = name(self._context.streams[self._stream.name].assemblies[assembly.name])
        words = attribute(assembly.name).replace("_", " ")
        text = f"Puts the {words} calls of a `{self._stream.name}` stream together."
        read = f"Read the stream and give each {words} call once it is complete."
        return AssemblyPage(
            own=own,
            head=assembled("class {}({}[{}]):", own, base, value),
            docs=docstring([text], 4),
            into=string(self._paths.attribute(assembly.into).text),
            returns=flat(optional(Atom(value))),
            body=self._body(assembly),
            method=name(f"{attribute(assembly.name)}_calls"),
            method_docs=docstring([read], 8),
            value=value,
        )

    def _body(self, assembly: Assembly) -> tuple[Code, ...]:
        body = Block(2)
        dropped = [self._types[event] for event in assembly.discarded_by]
        if dropped:
            kinds = self._paths.classes(tuple(dropped))
            block = Block(2, body.lines)
            block.when(assembled("isinstance(event, {})", kinds))
            block.add(fixed("self._discard()"))
        block, key, value = self._moment(assembly.begin, body)
        block.add(assembled("self._begin({}, {})", key, value))
        block, key, value = self._moment(assembly.text, body)
        block.add(assembled("self._add({}, {})", key, value))
        block, key, _ = self._moment(assembly.end, body, needs_value=False)
        block.add(assembled("return self._end({})", key))
        body.lines.append(fixed("        return None"))
        return tuple(body.lines)

    def _moment(
        self, moment: Moment, body: Block, *, needs_value: bool = True
    ) -> tuple[Block, Code, Code]:
        """Write the conditions of a moment; give its block, key and value."""
        block = Block(2, body.lines)
        event = self._paths.classes((self._types[moment.event],))
        block.when(assembled("isinstance(event, {})", event))
        seen: set[str] = set()
        start = fixed("event")
        key = self._paths.read(moment.key, start, block, seen)
        if not needs_value:
            return block, key, start
        return block, key, self._paths.read(moment.value, start, block, seen)
