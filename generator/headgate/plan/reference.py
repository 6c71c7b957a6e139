"""The reference of a package: every call with a sample, every type with its fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.markup import (
    markdown_code,
    markdown_link,
    markdown_prose,
    markdown_text,
)
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
from headgate.names import Scope
from headgate.plan.package import Rendered
from headgate.plan.reference_pages import (
    SHARED_MOST,
    fits_one_page,
    owners,
    resources_with_calls,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from headgate.ir.api import Api
    from headgate.ir.operations import Operation, Resource
    from headgate.ir.types import Definition, TypeExpr, TypeId


_FOLDER = "reference"
"""Where the pages of a long reference are."""


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
    """The whole reference, or one page of it, which then leads back to the index."""

    title: Code
    is_part: bool
    groups: tuple[GroupPage, ...]
    types: tuple[TypePage, ...]


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call in the index."""

    link: Code
    wire: Code


@dataclass(frozen=True, slots=True)
class ResourceLines:
    """A resource in the index, with its calls."""

    link: Code
    docs: Code
    calls: tuple[CallLine, ...]


@dataclass(frozen=True, slots=True)
class IndexPage:
    """What leads to the pages of a long reference."""

    title: Code
    resources: tuple[ResourceLines, ...]
    types: tuple[Code, ...]


def reference_files(api: Api, title: str, speaker: Speaker) -> Iterator[Rendered]:
    """Plan reference.md: all of a short reference, or the index of its pages."""
    if not fits_one_page(api):
        yield from _Pages(api, markdown_text(title), speaker).files()
        return
    planner = _Reference(api, speaker)
    page = ReferencePage(
        title=assembled("Reference of {}", markdown_text(title)),
        is_part=False,
        groups=tuple(map(planner.group, resources_with_calls(api.root))),
        types=tuple(planner.type(each) for each in api.definitions.values()),
    )
    yield Rendered("reference.md", "package/reference.md.jinja", page)


class _Pages:
    """The pages of a long reference: one a resource, and those of what they share.

    A type that one resource alone leads to is on its page. All others are listed by
    their names, on a page a letter where they are many.
    """

    def __init__(self, api: Api, title: Code, speaker: Speaker) -> None:
        self._api = api
        self._title = title
        self._speaker = speaker
        scope = Scope(fold_case=True)
        self._resources = tuple(resources_with_calls(api.root))
        self._names = {
            each.path: scope.claim("_".join(each.path) or "client").text
            for each in self._resources
        }
        own = owners(api)
        self._places = {type_id: self._names[path] for type_id, path in own.items()}
        self._lists = self._shelve(scope)
        self._held = self._types_by_page()
        self._planner = _Reference(api, speaker, self._places)

    def _shelve(self, scope: Scope) -> tuple[str, ...]:
        """Give what several resources share its pages, and name those."""
        shared = [each for each in self._api.definitions if each not in self._places]
        pages: dict[str, str] = {}
        for type_id in sorted(shared, key=self._sorted_by):
            letter = self._sorted_by(type_id)[0][:1]
            wanted = f"types_{letter}" if len(shared) > SHARED_MOST else "types"
            if wanted not in pages:
                pages[wanted] = scope.claim(wanted).text
            self._places[type_id] = pages[wanted]
        return tuple(pages.values())

    def _types_by_page(self) -> Mapping[str, list[TypeId]]:
        held: dict[str, list[TypeId]] = {}
        for type_id in self._api.definitions:
            held.setdefault(self._places[type_id], []).append(type_id)
        return held

    def _sorted_by(self, type_id: TypeId) -> tuple[str, str]:
        text = self._speaker.type_name(type_id).text
        return text.strip("`").casefold(), text

    def files(self) -> Iterator[Rendered]:
        """Plan the index, then every page."""
        index = IndexPage(
            title=self._title,
            resources=tuple(map(self._lines, self._resources)),
            types=tuple(self._list_line(each) for each in self._lists),
        )
        yield Rendered("reference.md", "package/reference_index.md.jinja", index)
        for resource in self._resources:
            name = self._names[resource.path]
            group = self._planner.group(resource)
            yield self._page(name, (group,), sorted_types=False)
        for name in self._lists:
            yield self._page(name, (), sorted_types=True)

    def _page(
        self, name: str, groups: tuple[GroupPage, ...], *, sorted_types: bool
    ) -> Rendered:
        held = list(self._held.get(name, []))
        if sorted_types:
            held.sort(key=self._sorted_by)
        about = groups[0].title if groups else fixed("shared types")
        page = ReferencePage(
            title=assembled("{}: {}", self._title, about),
            is_part=True,
            groups=groups,
            types=tuple(self._planner.type(self._api.definitions[it]) for it in held),
        )
        path = f"{_FOLDER}/{name}.md"
        return Rendered(path, "package/reference.md.jinja", page)

    def _lines(self, resource: Resource) -> ResourceLines:
        path = f"{_FOLDER}/{self._names[resource.path]}.md"
        return ResourceLines(
            link=markdown_link(_resource_name(resource), path),
            docs=_brief(resource.docs.text),
            calls=tuple(
                CallLine(markdown_link(assembled("`{}`", way), path, way), wire)
                for way, wire in self._planner.ways(resource)
            ),
        )

    def _list_line(self, name: str) -> Code:
        held = [each for each, place in self._places.items() if place == name]
        names = [
            self._speaker.type_name(it) for it in sorted(held, key=self._sorted_by)
        ]
        ends = names[:1] if len(names) == 1 else (names[0], names[-1])
        return markdown_link(joined(" … ", ends), f"{_FOLDER}/{name}.md")


@dataclass(frozen=True, slots=True)
class _Reference:
    api: Api
    speaker: Speaker
    places: Mapping[TypeId, str] = field(default_factory=dict["TypeId", str])
    """The page of each type, where there are several."""

    def group(self, resource: Resource) -> GroupPage:
        return GroupPage(
            title=_resource_name(resource),
            docs=markdown_prose(resource.docs.text),
            calls=tuple(
                self._call(operation, streamed=streamed)
                for operation, streamed in _calls(resource)
            ),
        )

    def ways(self, resource: Resource) -> Iterator[tuple[Code, Code]]:
        """Give how each call is written, and what it sends."""
        for operation, streamed in _calls(resource):
            way = self.speaker.path(operation, streamed=streamed)
            yield way, _wire(operation)

    def _call(self, operation: Operation, *, streamed: bool) -> CallPage:
        docs = f"{_sentence(operation.summary)} {operation.docs.text}"
        return CallPage(
            path=self.speaker.path(operation, streamed=streamed),
            wire=_wire(operation),
            docs=markdown_prose(docs),
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
            docs=markdown_prose(definition.docs.text),
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
                return self._link(name)

    def _link(self, type_id: TypeId) -> Code:
        name = self.speaker.type_name(type_id)
        place = self.places.get(type_id)
        return name if place is None else markdown_link(name, f"{place}.md", name)


def _resource_name(resource: Resource) -> Code:
    return markdown_text(".".join(resource.path) or "client")


def _calls(resource: Resource) -> Iterator[tuple[Operation, bool]]:
    """Give the ways to call the operations, and whether they give a stream."""
    for operation in resource.operations:
        if not operation.only_streams:
            yield operation, False
        if operation.stream is not None:
            yield operation, True


def _wire(operation: Operation) -> Code:
    return markdown_code(f"{operation.verb} {_path(operation)}")


def _path(operation: Operation) -> str:
    return "".join(
        part.text if isinstance(part, PathLiteral) else f"{{{part.name}}}"
        for part in operation.path
    )


def _sentence(text: str) -> str:
    """End a text that is not ended, for another one to follow."""
    text = text.strip()
    return f"{text}." if text and text[-1].isalnum() else text


def _brief(docs: str) -> Code:
    """Give the first paragraph on one line, for the cell of a table."""
    return markdown_prose(docs.strip().partition("\n\n")[0])
