"""The reference in Rust's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headgate.encoding import markup, rust
from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.ir.types import Alias, Enum, Ref, Scalar, Struct
from headgate.plan.examples import Examples, NoExampleError
from headgate.plan.reference import reference_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from headgate.document.json_values import Json
    from headgate.ir.api import Api
    from headgate.ir.operations import Operation
    from headgate.ir.types import TypeExpr, TypeId
    from headgate.plan.package import Rendered

_WIDTH = 60


@dataclass(frozen=True, slots=True)
class CallNames:
    """What the calls of a crate are named, as its resources are planned.

    `methods` goes by resource, method and whether it streams; `accessors` by the path
    of a resource; `parameters` gives the struct of a method's named parameters, and
    `structs` what is in it.
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


def reference(
    api: Api, crate: str, names: CallNames, types: Mapping[TypeId, Code]
) -> Iterator[Rendered]:
    """Plan the reference of the crate."""
    return reference_files(api, crate, _Rust(api, crate, names, types))


@dataclass(frozen=True, slots=True)
class _Rust:
    api: Api
    crate: str
    names: CallNames
    types: Mapping[TypeId, Code]

    @property
    def fence(self) -> Code:
        return fixed("rust")

    def type_name(self, type_id: TypeId) -> Code:
        found = self.types.get(type_id)
        return markup.markdown_code(found.text if found else str(type_id))

    def path(self, operation: Operation, *, streamed: bool) -> Code:
        resource = operation.resource
        ways = [resource[: end + 1] for end in range(len(resource))] or [()]
        steps = [assembled("{}()", self.names.accessors[way]) for way in ways]
        key = (operation.resource, operation.method, streamed)
        return joined(".", [fixed("client"), *steps, self.names.methods[key]])

    def sample(self, operation: Operation, *, streamed: bool) -> Code:
        try:
            given, arguments = self._arguments(operation, streamed=streamed)
        except NoExampleError:
            return fixed("")
        path = self.path(operation, streamed=streamed)
        call = assembled("{}({}).await?", path, joined(", ", arguments))
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
        found = [_in_path(examples, each.type) for each in places]
        body, given = operation.body, fixed("")
        if body is not None and body.kind not in {"json", "form"}:
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
            values = [_scalar(examples, each.type) for each in needed]
            made = joined(", ", values)
            path = self.names.parameters[key]
            found.append(assembled("{}::new({})", path, made))
        return given, found


def _in_path(examples: Examples, expression: TypeExpr) -> Code:
    """Write what stands in a path: a text, a number, or one of several values."""
    while isinstance(expression, Ref):
        definition = examples.definitions[expression.id]
        if isinstance(definition, Enum):
            value = _json(examples.value(expression), 0)
            return assembled("&serde_json::from_value(json!({}))?", value)
        if not isinstance(definition, Alias):
            break
        expression = definition.type
    return _scalar(examples, expression)


def _scalar(examples: Examples, expression: TypeExpr) -> Code:
    """Write a text or number that stands for itself; others are left to the reader."""
    if not isinstance(expression, Scalar) or expression.kind == "null":
        raise NoExampleError
    return _json(examples.value(expression), 0)


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
