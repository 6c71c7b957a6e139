"""The reference in Python's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.markup import markdown_code
from headgate.encoding.python import dotted, literal
from headgate.plan.examples import Examples, File, NoExampleError
from headgate.plan.python.context import Context, name
from headgate.plan.python.imports import Imports
from headgate.plan.python.methods import MethodPlan
from headgate.plan.reference import reference_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headgate.document.json_values import Json
    from headgate.ir.operations import Operation
    from headgate.ir.types import TypeId
    from headgate.plan.package import Rendered

LINE = 88
_WIDTH = 70


def reference(context: Context) -> Iterator[Rendered]:
    """Plan the reference of the Python package."""
    title = context.config.python.distribution
    return reference_files(context.api, title, PythonSpeaker(context))


@dataclass(frozen=True, slots=True)
class PythonSpeaker:
    """Python's words."""

    context: Context

    @property
    def fence(self) -> Code:
        """Give the name of the language."""
        return fixed("python")

    def type_name(self, type_id: TypeId) -> Code:
        """Give the name of the class that is received, or of what is sent."""
        names = self.context.types
        found = names.received.get(type_id) or names.sent.get(type_id)
        return markdown_code(found or str(type_id))

    def path(self, operation: Operation, *, streamed: bool) -> Code:
        """Give the way to a method from the client."""
        members = self.context.members
        method = members.methods[operation.id]
        if streamed:
            method = members.streams.get(operation.id) or method
        return dotted(["client", *members.path(operation.resource), method])

    def assigned(self, operation: Operation) -> Code:
        """Give the statement that names what a call gives `result`."""
        path = self.path(operation, streamed=False)
        depth = _depth(path, "(")
        arguments = self._arguments(operation, depth, streamed=False)
        depth = depth if arguments else _depth(path, "()")
        call = _called(path, arguments, depth)
        return _assigned(call, depth)

    def sample(self, operation: Operation, *, streamed: bool) -> Code:
        """Give statements that call a method."""
        path = self.path(operation, streamed=streamed)
        is_looped = streamed or operation.page is not None
        is_long = is_looped and len(path) + len("for item in ():") > LINE
        depth = _depth(path, "(")
        try:
            arguments = self._arguments(operation, depth, streamed=streamed)
        except NoExampleError:
            return fixed("")
        if not arguments:
            depth = _depth(path, "()")
        if operation.result is None and not is_looped:
            return _called(path, self._arguments(operation, 1, streamed=streamed), 1)
        call = _called(path, arguments, depth)
        first = fixed("")
        if is_long:
            first = assembled("{}\n", _assigned(call, depth))
            call = fixed("result")
        if streamed:
            head = assembled("{}with {} as stream:", first, call)
            body = fixed("    for event in stream:\n        print(event)")
            return assembled("{}\n{}", head, body)
        if operation.page is not None:
            return assembled("{}for item in {}:\n    print(item)", first, call)
        return assembled("{}\nprint(result)", _assigned(call, depth))

    def _arguments(
        self, operation: Operation, depth: int, *, streamed: bool
    ) -> list[Code]:
        writer = self.context.writer(Imports())
        plan = MethodPlan(operation, self.context, Imports(), writer, is_async=False)
        examples = Examples(self.context.api.definitions)
        found: list[Code] = []
        for each in plan.arguments:
            if each.parameter.required:
                value = _written(examples.parameter(each.parameter), depth)
                is_in_path = each.parameter.place == "path"
                start = fixed("") if is_in_path else assembled("{}=", name(each.name))
                found.append(assembled("{}{}", start, value))
        if operation.body is None or not (operation.body.required or plan.is_flat):
            return found
        body = examples.body(operation, streamed=streamed)
        if plan.is_flat and isinstance(body, dict):
            given = [(name(key), _written(each, depth)) for key, each in body.items()]
            return [*found, *(assembled("{}={}", *pair) for pair in given)]
        return [*found, assembled("body={}", _written(body, depth))]


def _depth(path: Code, end: str) -> int:
    """Give 2 where a call fits in parentheses of its own and only there."""
    fits = len(path) + len("result = ") + len(end) <= LINE
    fits_below = len(path) + len("    ") + len(end) <= LINE
    return 2 if fits_below and not fits else 1


def _assigned(call: Code, depth: int) -> Code:
    """Name what a call gives; a deeper one stands in parentheses."""
    if depth == 1:
        return assembled("result = {}", call)
    return assembled("result = (\n    {}\n)", call)


def _called(path: Code, arguments: list[Code], depth: int) -> Code:
    line = assembled("{}({})", path, joined(", ", arguments))
    if not arguments or (len(line) <= _WIDTH and "\n" not in line.text):
        return line
    margin = fixed("    ") if depth == 1 else fixed("        ")
    inner = joined("\n", [assembled("{}{},", margin, each) for each in arguments])
    end = fixed("") if depth == 1 else fixed("    ")
    return assembled("{}(\n{}\n{})", path, inner, end)


def _written(value: Json, depth: int) -> Code:
    """Write a value as a person would: short ones on a line, others below."""
    flat = _flat(value)
    if not isinstance(value, dict | list) or len(flat) + 4 * depth <= _WIDTH * 3 // 4:
        return flat
    margin = joined("", [fixed("\n"), *([fixed("    ")] * (depth + 1))])
    end = joined("", [fixed("\n"), *([fixed("    ")] * depth)])
    if isinstance(value, list):
        items = [_written(each, depth + 1) for each in value]
        lines = [assembled("{}{},", margin, item) for item in items]
        return assembled("[{}{}]", joined("", lines), end)
    pairs = [
        assembled("{}{}: {},", margin, literal(key), _written(each, depth + 1))
        for key, each in value.items()
    ]
    return assembled("{{{}{}}}", joined("", pairs), end)


def _flat(value: Json) -> Code:
    if isinstance(value, list):
        return assembled("[{}]", joined(", ", map(_flat, value)))
    if isinstance(value, dict):
        pairs = [
            assembled("{}: {}", literal(key), _flat(each))
            for key, each in value.items()
        ]
        return assembled("{{{}}}", joined(", ", pairs))
    if isinstance(value, File):
        return assembled("b{}", literal(value))
    return literal(value)
