"""Which module each type belongs to: its file's, or that of the calls that need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.build.directions import reached
from headgate.names import Scope
from headgate.plan.python.names import KEYWORDS, attribute
from headgate.plan.topics import file_topics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from headgate.ir.api import Api
    from headgate.ir.operations import Operation, Resource
    from headgate.ir.types import TypeExpr, TypeId


def type_modules(api: Api) -> Mapping[TypeId, str]:
    """Name the module of each definition; no two modules need each other on import."""
    topics = file_topics(api.definitions)
    return _by_resource(api) if topics is None else _by_file(topics)


def _by_file(topics: Mapping[TypeId, str]) -> dict[TypeId, str]:
    scope = Scope(KEYWORDS, fold_case=True)
    modules: dict[str, str] = {}
    found: dict[TypeId, str] = {}
    for id_, words in topics.items():
        topic = attribute(words) or "types"
        if topic not in modules:
            modules[topic] = scope.claim(topic, "types").text
        found[id_] = modules[topic]
    return found


def _by_resource(api: Api) -> dict[TypeId, str]:
    """Put what one resource of the first level alone leads to into its module.

    What several lead to is shared and needs only what is shared. What none leads to
    may need anything and is needed by nothing, so it stands apart.
    """
    scope = Scope(KEYWORDS, fold_case=True)
    shared = scope.claim("shared", "types").text
    apart = scope.claim("other", "types").text
    owners: dict[TypeId, set[str]] = {}
    known: dict[TypeId, list[TypeId]] = {}
    for resource in (api.root, *api.root.children):
        module = shared
        if resource.path:
            module = scope.claim(attribute(resource.path[-1]), "types").text
        operations = _operations(resource) if resource.path else resource.operations
        types = [type_ for each in operations for type_ in _mentioned(api, each)]
        for id_ in reached(known, api.definitions, types):
            owners.setdefault(id_, set()).add(module)
    found: dict[TypeId, str] = {}
    for id_ in api.definitions:
        modules = owners.get(id_, {apart})
        found[id_] = next(iter(modules)) if len(modules) == 1 else shared
    return found


def _operations(resource: Resource) -> Iterator[Operation]:
    yield from resource.operations
    for child in resource.children:
        yield from _operations(child)


def _mentioned(api: Api, operation: Operation) -> Iterator[TypeExpr]:
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
