"""Where each operation stands in the SDKs' tree of resources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from headgate.ir.build.given_names import given_name, method_name
from headgate.ir.build.reader import as_list, text_at
from headgate.ir.build.rest import Rest
from headgate.names import snake, spelled, split_words

if TYPE_CHECKING:
    from headgate.ir.build.raw import RawOperation
    from headgate.ir.operations import Operation

_VARIABLE = re.compile(r"^\{.*\}$", re.DOTALL)
NO_GROUPS: Mapping[str, str] = MappingProxyType({})
_VERSION = re.compile(r"^v[0-9]+$")
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Place:
    """A method of a resource; both are in the spec's spelling or in snake case."""

    resource: tuple[str, ...]
    method: str


def place_operations(
    operations: list[RawOperation],
    overrides: Mapping[str, str],
    groups: Mapping[str, str] = NO_GROUPS,
) -> list[Place]:
    """Place every operation, each in a spot of its own.

    An operation that has no name but its verb and path is placed by those. A dotted
    operationId is a place already (`admin.keys.create`). Otherwise the
    first tag, or the first fixed part of the path, is the resource, and the
    operationId without that word is the method. `overrides` maps operationIds (or
    verb and path) to dotted places, `groups` to dotted resources.
    """
    taken: set[Place] = set()
    places: list[Place] = []
    rest = Rest.of(operations)
    for raw in operations:
        override = overrides.get(raw.id) or overrides.get(raw.spot)
        found = None if override else rest.place(raw)
        wanted = [Place(*found)] if found else _wanted(raw, override)
        group = groups.get(raw.id) or groups.get(raw.spot)
        if group is not None and override is None:
            wanted = [replace(each, resource=_dotted(group)) for each in wanted]
        free = (each for each in wanted if each not in taken)
        place = next(free, None) or _numbered(wanted[0], taken)
        taken.add(place)
        places.append(place)
    return places


def _numbered(wanted: Place, taken: set[Place]) -> Place:
    place, number = wanted, 1
    while place in taken:
        number += 1
        place = Place(wanted.resource, f"{wanted.method}_{number}")
    return place


def _dotted(text: str) -> tuple[str, ...]:
    return tuple(resource_name(part) or "value" for part in text.split("."))


def with_own_methods(operations: list[Operation]) -> list[Operation]:
    """Number the methods that several operations of one resource would share."""
    taken: set[Place] = set()
    found: list[Operation] = []
    for operation in operations:
        method, number = operation.method, 1
        while Place(operation.resource, method) in taken:
            number += 1
            method = f"{operation.method}_{number}"
        taken.add(Place(operation.resource, method))
        found.append(replace(operation, method=method))
    return found


def _wanted(raw: RawOperation, override: str | None) -> list[Place]:
    """Give the places an operation may have, the shortest first."""
    given = text_at(raw.node.value, "operationId") or ""
    dotted = override or given
    if "." in dotted and not dotted.startswith(".") and ".." not in dotted:
        parts = _dotted(dotted)
        return [Place(parts[:-1], parts[-1])]
    name = override or given_name(given, raw.verb, raw.path)
    resource = _resource(raw)
    whole = snake(split_words(name))
    if not whole:
        return [Place((resource,), snake((raw.verb.lower(), *_path_words(raw.path))))]
    last = " ".join(_fixed_parts(raw.path)[-1:])
    told = snake((*split_words(name), *split_words(last)))
    short = method_name(name, resource)
    return [Place((resource,), each) for each in (short, whole, told)]


def _resource(raw: RawOperation) -> str:
    tags = [tag for tag in as_list(raw.node.value.get("tags")) if isinstance(tag, str)]
    candidates = [*tags[:1], *_fixed_parts(raw.path)[:1], "default"]
    return next(name for tag in candidates if (name := resource_name(tag)))


def resource_name(text: str) -> str:
    """Give the name of a resource, cut to what a file can be named after."""
    return spelled(snake(split_words(text)))[:_LONGEST].strip("_")


def _fixed_parts(path: str) -> list[str]:
    parts = [part for part in path.split("/") if part and not _VARIABLE.match(part)]
    return [part for part in parts if not _VERSION.match(part)] or parts


def _path_words(path: str) -> tuple[str, ...]:
    words: list[str] = []
    for part in path.split("/"):
        by = ("by",) if _VARIABLE.match(part) else ()
        words += (*by, *split_words(part))
    return tuple(words)
