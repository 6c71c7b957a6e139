"""The methods of resources: one for each way to call an operation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import doc_comment, identifier
from headgate.ir.types import Field
from headgate.names import Name, Scope, camel, split_words
from headgate.plan.typescript.layout import (
    WIDTH,
    Call,
    call_lines,
    object_lines,
    one_line,
)
from headgate.plan.typescript.lists import (
    LISTS,
    rule_constant,
    rule_of,
    shared_rules,
)
from headgate.plan.typescript.names import (
    TAKEN_LOCALS,
    Exported,
    are_options,
    has_named_parameters,
    methods_of,
)
from headgate.plan.typescript.requests import (
    parameter_keys,
    path_parameters,
    request_entries,
)
from headgate.plan.typescript.types import Member, field_member
from headgate.plan.typescript.waits import options_of, pending_entries

if TYPE_CHECKING:
    from headgate.ir.operations import (
        Operation,
        Page,
        Parameter,
        Result,
        StreamCall,
    )
    from headgate.ir.types import LiteralValue
    from headgate.plan.typescript.expressions import Types
    from headgate.plan.typescript.names import ResourceNames


@dataclass(frozen=True, slots=True)
class Params:
    """An interface of the parameters that a method takes by name."""

    docs: Code
    name: Code
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Method:
    """A method: its comment, its head, the lines of its request, what it returns."""

    docs: Code
    head: Code
    request: tuple[Code, ...]
    returned: Code


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a method gives: its type's generic and arguments, and the call for it."""

    generic: Code
    arguments: tuple[Code, ...]
    start: Code
    passed: tuple[Code, ...]
    accept: str | None = None


@dataclass(slots=True)
class MethodPlanner:
    """Plans the methods of one resource, whose constants it collects."""

    types: Types
    own: ResourceNames
    constants: list[Code]
    scope: Scope

    def params(self, operation: Operation) -> Params:
        """Plan the interface of the parameters that are given by name."""
        sending = replace(self.types, sending=True)
        keys = parameter_keys(operation)
        members = tuple(
            field_member(
                sending,
                _as_field(parameter, keys[parameter.name, parameter.place]),
                optional=not parameter.required,
            )
            for parameter in operation.parameters
            if parameter.place != "path"
        )
        name = self.own.params[operation.id].name
        docs = doc_comment(_params_docs(operation))
        shown = identifier(name)
        if are_options(operation):
            options = self.types.imports.type(options_of(self.types.api, operation))
            shown = assembled("{} extends {}", shown, options)
        return Params(docs, shown, members)

    def methods(self, operation: Operation) -> tuple[Method, ...]:
        """Plan the call and the stream of an operation, as far as it has them."""
        stream = operation.stream
        return tuple(
            self._stream_method(operation, stream)
            if stream is not None and method == stream.method
            else self._call_method(operation)
            for method in methods_of(operation)
        )

    def _call_method(self, operation: Operation) -> Method:
        if operation.page is not None and operation.result is not None:
            answer = self._page_answer(operation, operation.page, operation.result)
        else:
            answer = self._plain_answer(operation.result)
        flag = _flag(operation, streaming=False)
        return self._method(operation, operation.method, answer, flag)

    def _stream_method(self, operation: Operation, stream: StreamCall) -> Method:
        exported = self.types.names.streams[stream.stream]
        name = self.types.imports.value(exported)
        answer = _Answer(
            generic=name,
            arguments=(),
            start=assembled("new {}", name),
            passed=(
                fixed("this.transport"),
                fixed("request"),
                fixed("options"),
            ),
        )
        flag = _flag(operation, streaming=True)
        return self._method(operation, stream.method, answer, flag)

    def _plain_answer(self, result: Result | None) -> _Answer:
        runtime = self.types.imports.runtime
        accept = None
        if result is None:
            data, reader = fixed("void"), runtime("responses", "readNothing")
        elif result.kind == "json":
            data = self.types.write(result.type)
            # To ask for a function is to import it: what is not called is not asked.
            name = "readOptionalJson" if result.may_be_empty else "readJson"
            reader = assembled("{}<{}>", runtime("responses", name), data)
            if result.may_be_empty:
                data = assembled("{} | undefined", data)
        elif result.kind == "text":
            data, reader = fixed("string"), runtime("responses", "readText")
            accept = result.media_type
        else:
            data, reader = fixed("Uint8Array"), runtime("responses", "readBytes")
            accept = result.media_type
        return _Answer(
            generic=self.types.imports.runtime_type("responses", "ResponsePromise"),
            arguments=(data,),
            start=fixed("this.transport.call"),
            passed=(fixed("request"), reader, fixed("options")),
            accept=accept,
        )

    def _page_answer(self, operation: Operation, page: Page, result: Result) -> _Answer:
        rule = self._page_rule(operation, page)
        return _Answer(
            generic=self.types.imports.runtime_type("pages", "PagePromise"),
            arguments=(self.types.write(page.item), self.types.write(result.type)),
            start=self.types.imports.runtime("pages", "listPages"),
            passed=(
                fixed("this.transport"),
                fixed("request"),
                rule,
                fixed("options"),
            ),
        )

    def _page_rule(self, operation: Operation, page: Page) -> Code:
        """Name the rule of a list: that of several lists, or one of its own."""
        imports = self.types.imports
        shared = shared_rules(self.types.api).get(rule_of(page))
        if shared is not None:
            return imports.value(Exported(shared, LISTS))
        words = split_words(operation.method)
        name = identifier(self.scope.claim(f"{camel(words)}Rule", "page"))
        self.constants.append(rule_constant(imports, fixed("const"), name, page))
        return name

    def _method(
        self,
        operation: Operation,
        method: str,
        answer: _Answer,
        flag: tuple[str, LiteralValue] | None,
    ) -> Method:
        self.types.imports.runtime_type("request", "OperationRequest")
        arguments = _path_arguments(operation)
        stream = operation.stream
        entries = request_entries(
            self.types,
            operation,
            arguments,
            flag=flag,
            accept=answer.accept or operation.accept,
            streamed=stream is not None and method == stream.method,
        )
        name = self.own.methods[operation.id, method]
        return Method(
            docs=doc_comment(
                _method_docs(operation), deprecated=operation.docs.deprecated, depth=2
            ),
            head=_head(
                identifier(name), self._parameters(operation, arguments), answer
            ),
            request=object_lines([*entries, *pending_entries(operation)], 6),
            returned=self._returned(operation, answer),
        )

    def _returned(self, operation: Operation, answer: _Answer) -> Code:
        """Write the call, whose failure may not matter."""
        if operation.advisory:
            advisory = self.types.imports.runtime("advisory", "advisory")
            call = one_line(Call(answer.start, answer.passed))
            return assembled("    return {}({}, options);", advisory, call)
        start = assembled("return {}", answer.start)
        return call_lines(start, answer.passed, fixed(";"), 4)

    def _parameters(
        self, operation: Operation, arguments: dict[str, Name]
    ) -> list[Code]:
        """Write the parameters: whatever is required comes before what is not."""
        types = replace(self.types, sending=True)
        in_path = path_parameters(operation)
        found = [
            assembled("{}: {}", identifier(local), types.write(in_path[name].type))
            for name, local in arguments.items()
        ]
        required: list[Code] = []
        optional: list[Code] = []
        if operation.body is not None:
            written = types.write(operation.body.type)
            if operation.body.required:
                required.append(assembled("body: {}", written))
            else:
                optional.append(assembled("body?: {}", written))
        taken = options_of(types.api, operation)
        options = assembled("options?: {}", types.imports.type(taken))
        if has_named_parameters(operation):
            shown = identifier(self.own.params[operation.id].name)
            if are_options(operation):
                options = assembled("options: {} = {{}}", shown)
            elif any(p.required for p in operation.parameters if p.place != "path"):
                required.append(assembled("params: {}", shown))
            else:
                optional.append(assembled("params: {} = {{}}", shown))
        return [*found, *required, *optional, options]


def _head(name: Code, parameters: list[Code], answer: _Answer) -> Code:
    if not answer.arguments:
        end = assembled(": {} {{", answer.generic)
        return call_lines(name, parameters, end, 2)
    arguments = joined(", ", answer.arguments)
    end = assembled(": {}<{}> {{", answer.generic, arguments)
    if len(end) + 3 > WIDTH:
        lines = joined(",\n    ", answer.arguments)
        end = assembled(": {}<\n    {}\n  > {{", answer.generic, lines)
    return call_lines(name, parameters, end, 2)


def _path_arguments(operation: Operation) -> dict[str, Name]:
    """Name the arguments for path parameters, in the path's order."""
    scope = Scope(reserved=TAKEN_LOCALS)
    return {
        name: scope.claim(camel(split_words(name)), "value")
        for name in path_parameters(operation)
    }


def _flag(operation: Operation, *, streaming: bool) -> tuple[str, LiteralValue] | None:
    """Give the property of the body that a method sets by itself."""
    if operation.stream is None or operation.stream.asked_by is None:
        return None
    asked = operation.stream.asked_by
    if streaming:
        return asked.property, asked.value
    if asked.otherwise is not None:
        return asked.property, asked.otherwise
    return (asked.property, not asked.value) if isinstance(asked.value, bool) else None


def _as_field(parameter: Parameter, key: str) -> Field:
    return Field(
        name=key,
        type=parameter.type,
        required=parameter.required,
        docs=parameter.docs,
        location=parameter.location,
        default=parameter.default,
    )


def _params_docs(operation: Operation) -> str:
    summary = operation.summary.strip().rstrip(".")
    return f"Parameters to: {summary}." if summary else ""


def _method_docs(operation: Operation) -> str:
    parts = [operation.summary.strip(), operation.docs.text.strip()]
    if operation.advisory:
        parts.append("A failure is told to the log, and rejects with `strict` alone.")
    if parts[0] and not parts[0].endswith("."):
        parts[0] += "."
    return "\n\n".join(part for part in parts if part)
