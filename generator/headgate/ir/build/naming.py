"""Where each operation stands in the SDKs' tree of resources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

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
        wanted = Place(*found) if found else _wanted(raw, override)
        group = groups.get(raw.id) or groups.get(raw.spot)
        if group is not None and override is None:
            wanted = replace(wanted, resource=_dotted(group))
        place, number = wanted, 1
        while place in taken:
            number += 1
            place = Place(wanted.resource, f"{wanted.method}_{number}")
        taken.add(place)
        places.append(place)
    return places


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


def _wanted(raw: RawOperation, override: str | None) -> Place:
    dotted = override or text_at(raw.node.value, "operationId") or ""
    if "." in dotted and not dotted.startswith(".") and ".." not in dotted:
        parts = _dotted(dotted)
        return Place(parts[:-1], parts[-1])
    resource = _resource(raw)
    return Place((resource,), _method(raw, dotted, resource))


def _resource(raw: RawOperation) -> str:
    tags = [tag for tag in as_list(raw.node.value.get("tags")) if isinstance(tag, str)]
    candidates = [*tags[:1], *_fixed_parts(raw.path)[:1], "default"]
    return next(name for tag in candidates if (name := resource_name(tag)))


def resource_name(text: str) -> str:
    """Give the name of a resource, cut to what a file can be named after."""
    return spelled(snake(split_words(text)))[:_LONGEST].strip("_")


def _method(raw: RawOperation, operation_id: str, resource: str) -> str:
    words = split_words(operation_id)
    own = set(split_words(resource))
    rest = [word for word in words if word not in own and word not in _singulars(own)]
    if rest:
        return snake(rest if len(words) > 1 else words)
    return snake(words) or snake((raw.verb.lower(), *_path_words(raw.path)))


def _singulars(words: set[str]) -> set[str]:
    return {word[:-1] for word in words if word.endswith("s")}


def _fixed_parts(path: str) -> list[str]:
    parts = [part for part in path.split("/") if part and not _VARIABLE.match(part)]
    return [part for part in parts if not _VERSION.match(part)] or parts


def _path_words(path: str) -> tuple[str, ...]:
    words: list[str] = []
    for part in path.split("/"):
        by = ("by",) if _VARIABLE.match(part) else ()
        words += (*by, *split_words(part))
    return tuple(words)
