"""The reference in Rust's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headgate.encoding import markup, rust
from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.ir.types import Alias, Enum, Ref, Scalar, Struct
from headgate.plan.examples import Examples, NoExampleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.document.json_values import Json
    from headgate.ir.api import Api
    from headgate.ir.operations import Operation, Parameter
    from headgate.ir.types import TypeExpr, TypeId

_WIDTH = 60


@dataclass(frozen=True, slots=True)
class CallNames:
    """What the calls of a crate are named, as its resources are planned.

    `methods` goes by resource, method and whether it streams; `accessors` by the path
    of a resource; `parameters` gives the struct of a method's named parameters, and
    `structs` what is in it. `builders` has the method that begins each builder and
    those of its turns.
    """

    methods: dict[tuple[tuple[str, ...], str, bool], Code] = field(
        default_factory=dict[tuple[tuple[str, ...], str, bool], Code]
    )
    accessors: dict[tuple[str, ...], Code] = field(
        default_factory=dict[tuple[str, ...], Code]
    )
    parameters: dict[tuple[tuple[str, ...], str], Code] = field(
        default_factory=dict[tuple[tuple[str, ...], str], Code]
    )
    structs: dict[tuple[tuple[str, ...], str], Struct] = field(
        default_factory=dict[tuple[tuple[str, ...], str], Struct]
    )
    builders: dict[str, tuple[Code, dict[str, Code]]] = field(
        default_factory=dict[str, tuple[Code, dict[str, Code]]]
    )

    def way(self, operation: Operation, *, streamed: bool) -> str:
        """Give the way to a method from the client, as its errors show it."""
        resource = operation.resource
        ways = [resource[: end + 1] for end in range(len(resource))] or [()]
        steps = [f"{self.accessors[way].text}()" for way in ways]
        method = self.methods[resource, operation.method, streamed]
        return ".".join([*steps, method.text])


@dataclass(frozen=True, slots=True)
class RustSpeaker:
    """Rust's words."""

    api: Api
    crate: str
    names: CallNames
    types: Mapping[TypeId, Code]

    @property
    def fence(self) -> Code:
        """Give the name of the language."""
        return fixed("rust")

    def type_name(self, type_id: TypeId) -> Code:
        """Give the name of the type."""
        found = self.types.get(type_id)
        return markup.markdown_code(found.text if found else str(type_id))

    def resource(self, operation: Operation) -> Code:
        """Give the way to an operation's resource from the client."""
        resource = operation.resource
        ways = [resource[: end + 1] for end in range(len(resource))] or [()]
        steps = [assembled("{}()", self.names.accessors[way]) for way in ways]
        return joined(".", [fixed("client"), *steps])

    def path(self, operation: Operation, *, streamed: bool) -> Code:
        """Give the way to a method from the client."""
        key = (operation.resource, operation.method, streamed)
        return assembled("{}.{}", self.resource(operation), self.names.methods[key])

    def call(self, operation: Operation, *, streamed: bool) -> tuple[Code, Code]:
        """Write what stands before a call, and the call, which is to be awaited.

        Raises NoExampleError if there is nothing to call it with.
        """
        given, arguments = self._arguments(operation, streamed=streamed)
        path = self.path(operation, streamed=streamed)
        return given, assembled("{}({})", path, joined(", ", arguments))

    def sample(self, operation: Operation, *, streamed: bool) -> Code:
        """Give statements that call a method."""
        try:
            given, called = self.call(operation, streamed=streamed)
        except NoExampleError:
            return fixed("")
        call = assembled("{}.await?", called)
        return assembled("{}{}", given, self._used(operation, call, streamed=streamed))

    def _used(self, operation: Operation, call: Code, *, streamed: bool) -> Code:
        if streamed:
            loop = (
                "let mut stream = {};\nwhile let Some(event) = stream.next().await {{\n"
                '    println!("{{:?}}", event?);\n}}'
            )
            return assembled(loop, call)
        if operation.result is None:
            return assembled("{};", call)
        return assembled('let answer = {};\nprintln!("{{answer:?}}");', call)

    def _arguments(
        self, operation: Operation, *, streamed: bool
    ) -> tuple[Code, list[Code]]:
        """Give what stands before the call, and its arguments."""
        examples = Examples(self.api.definitions)
        places = [each for each in operation.parameters if each.place == "path"]
        found = [_in_path(examples, each) for each in places]
        body, given = operation.body, fixed("")
        if body is not None and body.kind not in {"json", "form", "multipart"}:
            raise NoExampleError
        if body is not None and not body.required:
            found.append(fixed("None"))
        elif body is not None:
            value = examples.body(operation, streamed=streamed)
            given = assembled("let body = json!({});\n", _json(value, 0))
            found.append(fixed("serde_json::from_value(body)?"))
        key = (operation.resource, operation.method)
        if key in self.names.parameters:
            named = [each for each in operation.parameters if each.place != "path"]
            needed = [each for each in named if each.required]
            values = [_scalar(examples, each, each.type) for each in needed]
            made = joined(", ", values)
            path = self.names.parameters[key]
            found.append(assembled("{}::new({})", path, made))
        return given, found


def _in_path(examples: Examples, parameter: Parameter) -> Code:
    """Write what stands in a path: a text, a number, or one of several values."""
    expression = parameter.type
    while isinstance(expression, Ref):
        definition = examples.definitions[expression.id]
        if isinstance(definition, Enum):
            value = _json(examples.parameter(parameter), 0)
            return assembled("&serde_json::from_value(json!({}))?", value)
        if not isinstance(definition, Alias):
            break
        expression = definition.type
    return _scalar(examples, parameter, expression)


def _scalar(examples: Examples, parameter: Parameter, expression: TypeExpr) -> Code:
    """Write a text or number that stands for itself; others are left to the reader."""
    if not isinstance(expression, Scalar) or expression.kind == "null":
        raise NoExampleError
    return _json(examples.parameter(parameter), 0)


def written(value: Json) -> Code:
    """Write JSON as `json!` reads it."""
    return _json(value, 0)


def _json(value: Json, depth: int) -> Code:
    """Write JSON as `json!` reads it: short values on a line, others below."""
    flat = _flat(value)
    if not isinstance(value, dict | list) or len(flat) + 4 * depth <= _WIDTH:
        return flat
    margin = joined("", [fixed("\n"), *([fixed("    ")] * (depth + 1))])
    end = joined("", [fixed("\n"), *([fixed("    ")] * depth)])
    if isinstance(value, list):
        items = [assembled("{}{},", margin, _json(each, depth + 1)) for each in value]
        return assembled("[{}{}]", joined("", items), end)
    pairs = [
        assembled("{}{}: {},", margin, rust.string(key), _json(each, depth + 1))
        for key, each in value.items()
    ]
    return assembled("{{{}{}}}", joined("", pairs), end)


def _flat(value: Json) -> Code:
    match value:
        case None:
            return fixed("null")
        case bool():
            return rust.boolean(value=value)
        case int() | float():
            return markup.json_value(value)
        case str():
            return rust.string(value)
        case list():
            return assembled("[{}]", joined(", ", map(_flat, value)))
        case _:
            pairs = [
                assembled("{}: {}", rust.string(key), _flat(each))
                for key, each in value.items()
            ]
            return assembled("{{{}}}", joined(", ", pairs))
