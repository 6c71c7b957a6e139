"""Which module each definition belongs to: its file's, or its resource's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.build.directions import reached
from headgate.names import Scope
from headgate.plan.topics import file_topics
from headgate.plan.typescript.names import folder_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from headgate.ir.api import Api
    from headgate.ir.operations import Operation, Resource
    from headgate.ir.types import TypeExpr, TypeId

SHARED = "types/shared"


def type_modules(api: Api) -> dict[TypeId, str]:
    """Give the module of each definition, below `src` and without an ending.

    A document in several files has a module for each of them. In one file, a
    definition that one resource of the first level alone leads to is in that
    resource's module; all others are shared.
    """
    topics = file_topics(api.definitions)
    if topics is not None:
        return _by_file(topics)
    owners: dict[TypeId, set[str]] = {}
    known: dict[TypeId, list[TypeId]] = {}
    for module, operations in _groups(api.root):
        mentioned = _mentioned(api, operations)
        for type_id in reached(known, api.definitions, mentioned):
            owners.setdefault(type_id, set()).add(module)
    return {type_id: _only(owners.get(type_id, set())) for type_id in api.definitions}


def _by_file(topics: Mapping[TypeId, str]) -> dict[TypeId, str]:
    files = Scope(fold_case=True)
    modules: dict[str, str] = {}
    for words in topics.values():
        name = folder_name(words)
        if name not in modules:
            flat = name.replace("-", "_")
            modules[name] = f"types/{name}{files.claim(flat).text.removeprefix(flat)}"
    return {id_: modules[folder_name(words)] for id_, words in topics.items()}


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
