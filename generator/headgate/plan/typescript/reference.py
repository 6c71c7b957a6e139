"""The reference in TypeScript's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.markup import markdown_code
from headgate.encoding.typescript import identifier, literal, value_key
from headgate.plan.examples import Examples, File, NoExampleError
from headgate.plan.reference import reference_files
from headgate.plan.typescript.names import has_named_parameters
from headgate.plan.typescript.requests import parameter_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headgate.document.config import Config
    from headgate.document.json_values import Json
    from headgate.ir.api import Api
    from headgate.ir.operations import Operation
    from headgate.ir.types import TypeId
    from headgate.plan.package import Rendered
    from headgate.plan.typescript.names import Names

_WIDTH = 100
_STEP = "  "


def reference(api: Api, names: Names, config: Config) -> Iterator[Rendered]:
    """Plan the reference of the npm package."""
    return reference_files(
        api, config.typescript.package, TypeScriptSpeaker(api, names)
    )


@dataclass(frozen=True, slots=True)
class TypeScriptSpeaker:
    """TypeScript's words."""

    api: Api
    names: Names

    @property
    def fence(self) -> Code:
        """Give the name of the language."""
        return fixed("ts")

    def type_name(self, type_id: TypeId) -> Code:
        """Give the name of the type."""
        found = self.names.types.get(type_id)
        return markdown_code(found.name.text if found else str(type_id))

    def resource(self, operation: Operation) -> Code:
        """Give the way to an operation's resource from the client."""
        resources = self.names.resources
        steps = [
            resources[operation.resource[:end]].children[operation.resource[: end + 1]]
            for end in range(len(operation.resource))
        ]
        return joined(".", [fixed("client"), *map(identifier, steps)])

    def path(self, operation: Operation, *, streamed: bool) -> Code:
        """Give the way to a method from the client."""
        stream = operation.stream
        method = stream.method if streamed and stream else operation.method
        own = self.names.resources[operation.resource].methods[operation.id, method]
        return assembled("{}.{}", self.resource(operation), identifier(own))

    def call(self, operation: Operation, *, streamed: bool) -> Code:
        """Write a call; raise NoExampleError if there is nothing to call it with."""
        arguments = self._arguments(operation, streamed=streamed)
        path = self.path(operation, streamed=streamed)
        return assembled("{}({})", path, joined(", ", arguments))

    def sample(self, operation: Operation, *, streamed: bool) -> Code:
        """Give statements that call a method."""
        try:
            call = self.call(operation, streamed=streamed)
        except NoExampleError:
            return fixed("")
        if streamed:
            loop = "for await (const event of {}) console.log(event);"
            return assembled(loop, call)
        if operation.page is not None:
            return assembled("for await (const item of {}) console.log(item);", call)
        if operation.result is None:
            return assembled("await {};", call)
        return assembled("console.log(await {});", call)

    def _arguments(self, operation: Operation, *, streamed: bool) -> list[Code]:
        examples = Examples(self.api.definitions)
        found = [
            _written(examples.parameter(each), 0)
            for each in operation.parameters
            if each.place == "path"
        ]
        if operation.body is not None and operation.body.required:
            found.append(_written(examples.body(operation, streamed=streamed), 0))
        keys = parameter_keys(operation)
        needed: Json = {
            keys[each.name, each.place]: examples.parameter(each)
            for each in operation.parameters
            if each.place != "path" and each.required
        }
        if has_named_parameters(operation) and needed:
            found.append(_written(needed, 0))
        return found


def _written(value: Json, depth: int) -> Code:
    """Write a value as a person would: short ones on a line, others below."""
    flat = _flat(value)
    if not isinstance(value, dict | list) or len(flat) + 2 * depth <= _WIDTH * 3 // 5:
        return flat
    margin, end = _margin(depth + 1), _margin(depth)
    if isinstance(value, list):
        items = [_written(each, depth + 1) for each in value]
        lines = joined("", [assembled("{}{},", margin, item) for item in items])
        return assembled("[{}{}]", lines, end)
    pairs = [
        assembled("{}{}: {},", margin, value_key(key), _written(each, depth + 1))
        for key, each in value.items()
    ]
    return assembled("{{{}{}}}", joined("", pairs), end)


def _margin(depth: int) -> Code:
    return joined("", [fixed("\n"), *([fixed(_STEP)] * depth)])


def _flat(value: Json) -> Code:
    if isinstance(value, list):
        return assembled("[{}]", joined(", ", map(_flat, value)))
    if isinstance(value, dict):
        pairs = [
            assembled("{}: {}", value_key(key), _flat(each))
            for key, each in value.items()
        ]
        return assembled("{{ {} }}", joined(", ", pairs)) if pairs else fixed("{}")
    if isinstance(value, File):
        return assembled("new Blob([{}])", literal(value))
    return literal(value)
