"""The tree of resources, in the order of the operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.build.naming import resource_name
from headgate.ir.build.reader import Reader, as_list, as_object, docs_of
from headgate.ir.operations import Resource
from headgate.ir.types import Docs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.ir.operations import Operation


def resource_tree(reader: Reader, operations: list[Operation]) -> Resource:
    """Hang every operation on its resource; tags lend the resources their docs."""
    return _resource((), operations, _tag_docs(reader))


def _tag_docs(reader: Reader) -> dict[tuple[str, ...], Docs]:
    found: dict[tuple[str, ...], Docs] = {}
    for tag in map(as_object, as_list(reader.root.value.get("tags"))):
        name = str(tag.get("name", ""))
        path = tuple(map(resource_name, name.split(".")))
        text = tag.get("description")
        found[path] = docs_of({"description": text})
    return found


def _resource(
    path: tuple[str, ...],
    operations: list[Operation],
    docs: dict[tuple[str, ...], Docs],
) -> Resource:
    depth = len(path)
    below = [operation for operation in operations if len(operation.resource) > depth]
    return Resource(
        path=path,
        docs=docs.get(path, Docs()),
        operations=tuple(op for op in operations if len(op.resource) == depth),
        children=tuple(
            _resource((*path, name), _under(below, depth, name), docs)
            for name in _names(below, depth)
        ),
    )


def _names(operations: Iterable[Operation], depth: int) -> list[str]:
    return list(dict.fromkeys(operation.resource[depth] for operation in operations))


def _under(operations: Iterable[Operation], depth: int, name: str) -> list[Operation]:
    return [operation for operation in operations if operation.resource[depth] == name]
