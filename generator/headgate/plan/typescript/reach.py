"""Which module each definition belongs to: that of the resource that uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.build.directions import reached
from headgate.plan.typescript.names import folder_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from headgate.ir.api import Api
    from headgate.ir.operations import Operation, Resource
    from headgate.ir.types import TypeExpr, TypeId

SHARED = "types/shared"


def type_modules(api: Api) -> dict[TypeId, str]:
    """Give the module of each definition, below `src` and without an ending.

    A definition that one resource of the first level alone leads to is in that
    resource's module; all others are shared.
    """
    owners: dict[TypeId, set[str]] = {}
    known: dict[TypeId, list[TypeId]] = {}
    for module, operations in _groups(api.root):
        mentioned = _mentioned(api, operations)
        for type_id in reached(known, api.definitions, mentioned):
            owners.setdefault(type_id, set()).add(module)
    return {type_id: _only(owners.get(type_id, set())) for type_id in api.definitions}


def _only(modules: set[str]) -> str:
    return next(iter(modules)) if len(modules) == 1 else SHARED


def _groups(root: Resource) -> Iterator[tuple[str, Iterable[Operation]]]:
    yield SHARED, root.operations
    for child in root.children:
        yield f"types/{folder_name(child.path[0])}", list(_operations(child))


def _operations(resource: Resource) -> Iterator[Operation]:
    yield from resource.operations
    for child in resource.children:
        yield from _operations(child)


def _mentioned(api: Api, operations: Iterable[Operation]) -> Iterator[TypeExpr]:
    for operation in operations:
        yield from (parameter.type for parameter in operation.parameters)
        if operation.body is not None:
            yield operation.body.type
        if operation.result is not None:
            yield operation.result.type
        if operation.stream is not None:
            stream = api.streams[operation.stream.stream]
            yield stream.event
            if stream.fold is not None:
                yield stream.fold.into
