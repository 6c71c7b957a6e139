"""Which page of a reference a resource's calls stand on, and each type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.build.directions import reached

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from headgate.ir.api import Api
    from headgate.ir.operations import Operation, Resource
    from headgate.ir.types import TypeExpr, TypeId

MOST = 100
"""How many calls and types stand on one page; more have a page for each resource."""

SHARED_MOST = 300
"""How many types that nobody has alone stand on one page; more have a page a letter."""


def fits_one_page(api: Api) -> bool:
    """Say whether a reference is short enough to be read at once."""
    return len(api.operations) + len(api.definitions) <= MOST


def resources_with_calls(resource: Resource) -> Iterator[Resource]:
    """Give a resource and those below it, leaving out the ones without calls."""
    if resource.operations:
        yield resource
    for child in resource.children:
        yield from resources_with_calls(child)


def owners(api: Api) -> Mapping[TypeId, tuple[str, ...]]:
    """Give the resource that alone leads to a type; the others are nobody's own."""
    found: dict[TypeId, set[tuple[str, ...]]] = {}
    known: dict[TypeId, list[TypeId]] = {}
    for resource in resources_with_calls(api.root):
        shown = [type_ for each in resource.operations for type_ in _shown(api, each)]
        for type_id in reached(known, api.definitions, shown):
            found.setdefault(type_id, set()).add(resource.path)
    return {
        type_id: next(iter(paths)) for type_id, paths in found.items() if len(paths) < 2
    }


def _shown(api: Api, operation: Operation) -> Iterator[TypeExpr]:
    """Give the types that the entry of a call names."""
    yield from (each.type for each in operation.parameters)
    yield from (each.type for each in operation.headers)
    yield from (each.type for each in operation.failures)
    yield from api.carried(operation)
