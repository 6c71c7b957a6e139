"""`resources/*.py`: the classes that carry a client's methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString, assert_never

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.python import docstring, literal, string
from headgate.ir.operations import CursorPage, LinkPage, NumberPage, OffsetPage
from headgate.plan.python.builders import builder_methods
from headgate.plan.python.context import Context, name
from headgate.plan.python.imports import Imports
from headgate.plan.python.layout import fits, lines
from headgate.plan.python.methods import MethodPage, MethodPlan, page_constant

if TYPE_CHECKING:
    from headgate.ir.operations import Operation, Resource


@dataclass(frozen=True, slots=True)
class PageConstant:
    """How a list is paged."""

    name: Code
    kind: Code
    arguments: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class ChildPage:
    """A resource below another, imported when it is first used."""

    head: Code
    kind: Code
    statement: Code
    docs: Code


@dataclass(frozen=True, slots=True)
class ClassPage:
    """A resource for one kind of client."""

    name: Code
    base: Code
    docs: Code
    methods: tuple[MethodPage, ...]
    children: tuple[ChildPage, ...]


@dataclass(frozen=True, slots=True)
class ResourcePage:
    """The module of a resource: its two classes."""

    header: Code
    docs: Code
    imports: tuple[tuple[Code, ...], ...]
    typing_imports: tuple[Code, ...]
    pages: tuple[PageConstant, ...]
    classes: tuple[ClassPage, ...]


def resource_page(resource: Resource, context: Context) -> ResourcePage:
    """Plan the module of a resource."""
    imports = Imports()
    later = Imports()
    classes = tuple(
        _class(resource, context, imports, later, is_async=is_async)
        for is_async in (False, True)
    )
    pages = tuple(
        _paging(operation, context, imports)
        for operation in resource.operations
        if operation.page is not None
    )
    if later.groups():
        imports.use("typing", "TYPE_CHECKING")
    return ResourcePage(
        header=context.header,
        docs=docstring([_title(resource)], 0),
        imports=imports.groups(),
        typing_imports=tuple(line for group in later.groups(4) for line in group),
        pages=pages,
        classes=classes,
    )


def _title(resource: Resource) -> str:
    return f"The `{'.'.join(resource.path)}` operations."


def _class(
    resource: Resource,
    context: Context,
    imports: Imports,
    later: Imports,
    *,
    is_async: bool,
) -> ClassPage:
    kind = context.resources[resource.path]
    base = imports.use(
        ".._runtime.clients", "AsyncResource" if is_async else "SyncResource"
    )
    return ClassPage(
        name=name(f"Async{kind}" if is_async else kind),
        base=base,
        docs=docstring([resource.docs.text or _title(resource)], 4),
        methods=tuple(
            method
            for operation in resource.operations
            for method in _methods(
                resource, operation, context, imports, is_async=is_async
            )
        )
        + tuple(builder_methods(resource, context, later, is_async=is_async)),
        children=children_of(
            resource, context, imports, later, package="..", is_async=is_async
        ),
    )


def _methods(
    resource: Resource,
    operation: Operation,
    context: Context,
    imports: Imports,
    *,
    is_async: bool,
) -> list[MethodPage]:
    shadowed = frozenset(
        {context.members.methods[each.id] for each in resource.operations}
        | {context.members.children[each.path] for each in resource.children}
    )
    writer = context.writer(imports, shadowed=shadowed)
    plan = MethodPlan(operation, context, imports, writer, is_async=is_async)
    if operation.stream is None:
        return [plan.call()]
    if operation.only_streams:
        return [plan.stream(operation.stream)]
    return [plan.call(), plan.stream(operation.stream)]


def children_of(
    resource: Resource,
    context: Context,
    imports: Imports,
    later: Imports,
    *,
    package: str,
    is_async: bool,
) -> tuple[ChildPage, ...]:
    """Plan the properties that give the resources below one."""
    found: list[ChildPage] = []
    for child in resource.children:
        kind = context.resources[child.path]
        kind = f"Async{kind}" if is_async else kind
        module = context.resource_modules[child.path]
        home = f".{module}" if package == ".." else f".resources.{module}"
        later.use(home, kind)
        imports.use("functools", "cached_property")
        docs = docstring([child.docs.text or _title(child)], 8)
        own = Imports()
        own.use(home, kind)
        statement = own.groups(8)[0][0]
        head = _property_head(name(context.members.children[child.path]), name(kind))
        found.append(ChildPage(head, name(kind), statement, docs))
    return tuple(found)


def _property_head(own: Code, kind: Code) -> Code:
    one = assembled("def {}(self) -> {}:", own, kind)
    if fits(4, one):
        return one
    return lines(
        [
            assembled("def {}(", own),
            fixed("        self,"),
            assembled("    ) -> {}:", kind),
        ]
    )


def _paging(operation: Operation, context: Context, imports: Imports) -> PageConstant:
    page = operation.page
    if page is None or operation.result is None:
        raise AssertionError("a page is a result")
    struct = context.struct(operation.result.type)

    def held(key: LiteralString, field: str | None) -> list[Code]:
        """Write the attribute that holds a field of the body."""
        if field is None:
            return []
        own = context.attributes.get((struct.id, field), field) if struct else field
        return [assembled("{}={}", fixed(key), string(own))]

    def sent(key: LiteralString, parameter: str | None) -> list[Code]:
        if parameter is None:
            return []
        return [assembled("{}={}", fixed(key), string(parameter))]

    items = held("items", page.items_field or None) or [fixed("items=None")]
    match page:
        case CursorPage() if page.of_item is not None:
            kind = "LastItemShape"
            key = (page.of_item, page.from_field)
            items += held("more", page.more_field) or [fixed("more=None")]
            own = context.attributes.get(key, page.from_field)
            items.append(assembled("key={}", string(own)))
            items += sent("parameter", page.parameter)
        case CursorPage():
            kind = "CursorShape"
            more = held("more", page.more_field) or [fixed("more=None")]
            items += [*more, *held("cursor", page.from_field)]
            items += sent("parameter", page.parameter)
        case OffsetPage():
            kind = "OffsetShape"
            items += sent("offset", page.offset_parameter)
            items += sent("limit", page.limit_parameter)
            items += held("total", page.total_field)
        case NumberPage():
            kind = "NumberShape"
            items += sent("page", page.page_parameter)
            items += held("total_pages", page.total_pages_field)
            if page.first != 1:
                items.append(assembled("first={}", literal(page.first)))
        case LinkPage():
            kind = "LinkShape"
        case _:
            assert_never(page)
    made = imports.use(".._runtime.paging", kind)
    return PageConstant(name(page_constant(operation)), made, tuple(items))
