"""Which module each type belongs to, in no language's words.

A document in several files has a module for each. In one file, what one resource of
the first level alone leads to is its own, the rest is shared. A module that would be
too long to read becomes a folder, divided by the words that its types' names begin
with (`plan.division`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from headgate.ir.build.directions import leads_to, mentioned
from headgate.names import Scope, split_words
from headgate.plan.division import LONGEST, divided

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from headgate.ir.api import Api
    from headgate.ir.operations import Operation, Resource
    from headgate.ir.types import Definition, TypeExpr, TypeId

_PLAIN_FOLDERS: Final = frozenset({"schemas", "components", "paths"})
"""Folders whose name says nothing that a module's name should say."""

LONGEST_OF_AUTHOR: Final = 2 * LONGEST
"""What the document's author keeps in one file stays in one for longer."""

_SHARED: Final = "shared"
_APART: Final = "other"


@dataclass(frozen=True, slots=True)
class Topic:
    """Words of a module, or of a folder and a part in it; unique whatever the case."""

    group: str
    part: str | None = None


def topics(api: Api) -> dict[TypeId, Topic]:
    """Give the topic of each type.

    Groups come in the order of their files' paths or of the resources, types in the
    document's.
    """
    files = None if api.is_one_file else _by_file(api.definitions)
    whole = LONGEST if files is None else LONGEST_OF_AUTHOR
    found: dict[TypeId, Topic] = {}
    for group, definitions in (files or _by_resource(api)).items():
        parts = divided(definitions, group, whole=whole)
        for each in definitions:
            found[each.id] = Topic(group, parts.get(each.id))
    return found


def _by_file(
    definitions: Mapping[TypeId, Definition],
) -> dict[str, list[Definition]] | None:
    """Group types by the file that holds them; None where one holds them all."""
    files = {definition.location.file for definition in definitions.values()}
    if len(files) < 2:
        return None
    root = PurePath(os.path.commonpath([PurePath(file).parent for file in files]))
    scope = Scope(fold_case=True)
    named: dict[str, str] = {}
    groups: dict[str, list[Definition]] = {}
    for file in sorted(files):
        topic = "_".join(split_words(_topic(PurePath(file), root))) or "types"
        if topic not in named:
            named[topic] = scope.claim(topic, "types").text
        named[file] = named[topic]
        groups.setdefault(named[topic], [])
    for definition in definitions.values():
        groups[named[definition.location.file]].append(definition)
    return groups


def _topic(file: PurePath, root: PurePath) -> str:
    folders = file.relative_to(root).parent.parts if file.is_relative_to(root) else ()
    telling = [folder for folder in folders if folder not in _PLAIN_FOLDERS]
    return "_".join((file.stem, *telling))


def _by_resource(api: Api) -> dict[str, list[Definition]]:
    """Group what one resource of the first level alone leads to by the resource.

    What several lead to is shared and needs only what is shared. What none leads to
    may need anything and is needed by nothing, so it stands apart.
    """
    scope = Scope(fold_case=True)
    shared, apart = scope.claim(_SHARED).text, scope.claim(_APART).text
    groups: dict[str, list[Definition]] = {shared: [], apart: []}
    roots: list[tuple[TypeId, str]] = []
    for resource in (api.root, *api.root.children):
        group = shared
        if resource.path:
            words = split_words(resource.path[-1])
            group = scope.claim("_".join(words), "types").text
            groups[group] = []
        operations = _operations(resource) if resource.path else resource.operations
        types = _mentioned(api, operations)
        roots += [(id_, group) for type_ in types for id_ in mentioned(type_)]
    owners = _owners(api.definitions, roots, shared)
    for id_, definition in api.definitions.items():
        groups[owners.get(id_, apart)].append(definition)
    return groups


def _owners(
    definitions: Mapping[TypeId, Definition],
    roots: list[tuple[TypeId, str]],
    shared: str,
) -> dict[TypeId, str]:
    """Tell each type that the roots lead to whose it is; it changes twice at most."""
    owners: dict[TypeId, str] = {}
    waiting = roots
    while waiting:
        id_, owner = waiting.pop()
        settled = owner if owners.get(id_, owner) == owner else shared
        if id_ in definitions and owners.get(id_) != settled:
            owners[id_] = settled
            waiting += [(each, settled) for each in leads_to(definitions[id_])]
    return owners


def _operations(resource: Resource) -> Iterator[Operation]:
    yield from resource.operations
    for child in resource.children:
        yield from _operations(child)


def _mentioned(api: Api, operations: Iterable[Operation]) -> Iterator[TypeExpr]:
    for operation in operations:
        yield from (parameter.type for parameter in operation.parameters)
        yield from api.carried(operation)
