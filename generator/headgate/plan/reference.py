"""The reference of a package: every call with a sample, every type with its fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.markup import markdown_code, markdown_text
from headgate.ir.operations import PathLiteral
from headgate.ir.types import (
    Alias,
    Constant,
    Enum,
    Json,
    ListOf,
    MapOf,
    Nullable,
    Ref,
    Scalar,
    Struct,
    TupleOf,
    Union,
)
from headgate.plan.package import Rendered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headgate.ir.api import Api
    from headgate.ir.operations import Operation, Resource
    from headgate.ir.types import Definition, TypeExpr, TypeId


class Speaker(Protocol):
    """What a language says: how a call is written, and what a type is called."""

    @property
    def fence(self) -> Code:
        """Give the name of the language for a block of code."""
        ...

    def path(self, operation: Operation, *, streamed: bool) -> Code:
        """Give the way to a method from the client."""
        ...

    def sample(self, operation: Operation, *, streamed: bool) -> Code:
        """Give statements that call a method; nothing where none can be shown."""
        ...

    def type_name(self, type_id: TypeId) -> Code:
        """Give a type's name as Markdown."""
        ...


@dataclass(frozen=True, slots=True)
class RowPage:
    """A line of a table: a field or a parameter."""

    name: Code
    type: Code
    needed: Code
    docs: Code


@dataclass(frozen=True, slots=True)
class CallPage:
    """A way to call an operation."""

    path: Code
    wire: Code
    docs: Code
    rows: tuple[RowPage, ...]
    fence: Code
    sample: Code
    gives: Code
    headers: Code
    failures: Code


@dataclass(frozen=True, slots=True)
class GroupPage:
    """The calls of a resource."""

    title: Code
    docs: Code
    calls: tuple[CallPage, ...]


@dataclass(frozen=True, slots=True)
class TypePage:
    """A named type."""

    name: Code
    docs: Code
    about: Code
    rows: tuple[RowPage, ...]


@dataclass(frozen=True, slots=True)
class ReferencePage:
    """The whole reference."""

    title: Code
    groups: tuple[GroupPage, ...]
    types: tuple[TypePage, ...]


def reference_file(api: Api, title: str, speaker: Speaker) -> Rendered:
    """Plan reference.md."""
    planner = _Reference(api, speaker)
    page = ReferencePage(
        title=markdown_text(title),
        groups=tuple(planner.groups(api.root)),
        types=tuple(planner.type(each) for each in api.definitions.values()),
    )
    return Rendered("reference.md", "package/reference.md.jinja", page)


@dataclass(frozen=True, slots=True)
class _Reference:
    api: Api
    speaker: Speaker

    def groups(self, resource: Resource) -> Iterator[GroupPage]:
        if resource.operations:
            yield GroupPage(
                title=markdown_text(".".join(resource.path) or "client"),
                docs=markdown_text(resource.docs.text),
                calls=tuple(self._calls(resource)),
            )
        for child in resource.children:
            yield from self.groups(child)

    def _calls(self, resource: Resource) -> Iterator[CallPage]:
        for operation in resource.operations:
            if not operation.only_streams:
                yield self._call(operation, streamed=False)
            if operation.stream is not None:
                yield self._call(operation, streamed=True)

    def _call(self, operation: Operation, *, streamed: bool) -> CallPage:
        docs = "\n\n".join(
            text for text in (operation.summary, operation.docs.text) if text.strip()
        )
        return CallPage(
            path=self.speaker.path(operation, streamed=streamed),
            wire=markdown_code(f"{operation.verb} {_path(operation)}"),
            docs=markdown_text(docs),
            rows=tuple(self._inputs(operation)),
            fence=self.speaker.fence,
            sample=self.speaker.sample(operation, streamed=streamed),
            gives=self._gives(operation, streamed=streamed),
            headers=self._headers(operation),
            failures=self._failures(operation),
        )

    def _inputs(self, operation: Operation) -> Iterator[RowPage]:
        for each in operation.parameters:
            yield self._row(each.name, each.type, each.docs.text, needed=each.required)
        body = operation.body
        if body is not None:
            yield RowPage(
                name=fixed("the body"),
                type=self._type(body.type),
                needed=fixed("yes") if body.required else fixed(""),
                docs=_brief(body.docs.text),
            )

    def _gives(self, operation: Operation, *, streamed: bool) -> Code:
        if streamed and operation.stream is not None:
            stream = self.api.streams[operation.stream.stream]
            return assembled("a stream of {}", self._type(stream.event))
        if operation.result is None:
            return fixed("nothing")
        return self._type(operation.result.type)

    def _headers(self, operation: Operation) -> Code:
        """List the headers that come beside the result, each with its type."""
        shown = [
            assembled("{} ({})", markdown_code(each.name), self._type(each.type))
            for each in operation.headers
        ]
        return joined(", ", shown)

    def _failures(self, operation: Operation) -> Code:
        """List the statuses that raise an error, by the type of their body."""
        by_type: dict[str, list[Code]] = {}
        types: dict[str, Code] = {}
        for each in operation.failures:
            shown = self._type(each.type)
            types[shown.text] = shown
            by_type.setdefault(shown.text, []).append(markdown_code(each.status))
        return joined(
            "; ",
            [
                assembled("{} with {}", joined(", ", statuses), types[text])
                for text, statuses in by_type.items()
            ],
        )

    def type(self, definition: Definition) -> TypePage:
        about, rows = fixed(""), tuple[RowPage, ...]()
        match definition:
            case Struct(fields=fields):
                rows = tuple(
                    self._row(
                        each.name, each.type, each.docs.text, needed=each.required
                    )
                    for each in fields
                )
            case Enum(values=values):
                shown = [markdown_code(str(each.value)) for each in values]
                about = assembled("One of {}.", joined(", ", shown))
            case Union(variants=variants):
                shown = [self._type(each.type) for each in variants]
                about = assembled("One of {}.", joined(", ", shown))
            case Alias(type=inner):
                about = assembled("Another name for {}.", self._type(inner))
        return TypePage(
            name=self.speaker.type_name(definition.id),
            docs=markdown_text(definition.docs.text),
            about=about,
            rows=rows,
        )

    def _row(self, name: str, type_: TypeExpr, docs: str, *, needed: bool) -> RowPage:
        mark = fixed("yes") if needed else fixed("")
        return RowPage(markdown_code(name), self._type(type_), mark, _brief(docs))

    def _type(self, expression: TypeExpr) -> Code:
        match expression:
            case Scalar(kind=kind, format=form):
                return markdown_text(f"{kind} ({form})" if form else kind)
            case Constant(value=value):
                return markdown_code(str(value))
            case Json():
                return fixed("any JSON")
            case Nullable(inner=inner):
                return assembled("{} or null", self._type(inner))
            case ListOf(item=item):
                return assembled("list of {}", self._type(item))
            case TupleOf(items=items):
                shown = joined(", ", [self._type(item) for item in items])
                return assembled("tuple of {}", shown)
            case MapOf(value=inner):
                return assembled("map of {}", self._type(inner))
            case Ref(id=name):
                return self.speaker.type_name(name)


def _path(operation: Operation) -> str:
    return "".join(
        part.text if isinstance(part, PathLiteral) else f"{{{part.name}}}"
        for part in operation.path
    )


def _brief(docs: str) -> Code:
    """Give the first paragraph on one line, for the cell of a table."""
    return markdown_text(docs.strip().partition("\n\n")[0])
