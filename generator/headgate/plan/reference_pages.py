"""Which page of a reference a resource's calls stand on, and each type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.build.directions import leads_to, mentioned

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
    found: dict[TypeId, tuple[str, ...] | None] = {}
    for resource in resources_with_calls(api.root):
        shown = [type_ for each in resource.operations for type_ in _shown(api, each)]
        waiting = [type_id for each in shown for type_id in mentioned(each)]
        while waiting:
            type_id = waiting.pop()
            if type_id not in api.definitions:
                continue
            if type_id not in found:
                found[type_id] = resource.path
            elif found[type_id] in (resource.path, None):
                continue
            else:
                # Nobody's own, and so is what it leads to.
                found[type_id] = None
            waiting += leads_to(api.definitions[type_id])
    return {type_id: path for type_id, path in found.items() if path is not None}


def _shown(api: Api, operation: Operation) -> Iterator[TypeExpr]:
    """Give the types that the entry of a call names."""
    yield from (each.type for each in operation.parameters)
    yield from (each.type for each in operation.headers)
    yield from (each.type for each in operation.failures)
    yield from api.carried(operation)
