"""Which module each type belongs to, and which of them need each other in a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.build.directions import leads_to
from headgate.ir.types import Alias
from headgate.names import Scope
from headgate.plan.cycles import find_cycles
from headgate.plan.python.names import KEYWORDS, cut
from headgate.plan.topics import Topic, topics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from headgate.ir.api import Api
    from headgate.ir.types import Definition, TypeId


def type_modules(api: Api) -> dict[TypeId, str]:
    """Name the module of each definition below `types`: `chat`, `shared.message`."""
    folders = Scope(KEYWORDS, fold_case=True)
    groups: dict[str, str] = {}
    parts: dict[str, Scope] = {}
    modules: dict[Topic, str] = {}
    found: dict[TypeId, str] = {}
    for id_, topic in topics(api).items():
        if topic.group not in groups:
            groups[topic.group] = folders.claim(cut(topic.group), "types").text
            parts[topic.group] = Scope(KEYWORDS, fold_case=True)
        if topic not in modules:
            modules[topic] = groups[topic.group]
            if topic.part is not None:
                part = parts[topic.group].claim(cut(topic.part), "types").text
                modules[topic] = f"{groups[topic.group]}.{part}"
        found[id_] = modules[topic]
    return found


def relative(module: str, other: str) -> str:
    """Write how one module below `types` imports another."""
    here, there = module.split(".")[:-1], other.split(".")
    while here and here[0] == there[0] and len(there) > 1:
        here, there = here[1:], there[1:]
    return "." * (len(here) + 1) + ".".join(there)


def circles(
    definitions: Mapping[TypeId, Definition],
    recursive: frozenset[TypeId],
    modules: Mapping[TypeId, str],
) -> dict[str, frozenset[str]]:
    """Give, for each module, those that it needs and that need it in turn."""
    edges: dict[str, dict[str, None]] = {module: {} for module in modules.values()}
    for id_, definition in definitions.items():
        needed = named_in(leads_to(definition), definitions, recursive)
        edges[modules[id_]].update({modules[each]: None for each in needed})
    cycles = find_cycles({each: tuple(others) for each, others in edges.items()})
    return {
        module: frozenset(
            other for other in others if other != module and cycles.join(module, other)
        )
        for module, others in edges.items()
    }


def named_in(
    mentioned: Iterable[TypeId],
    definitions: Mapping[TypeId, Definition],
    recursive: frozenset[TypeId],
) -> Iterator[TypeId]:
    """Give the types whose names a text has; a plain alias stands for its own."""
    for id_ in mentioned:
        definition = definitions[id_]
        if isinstance(definition, Alias) and id_ not in recursive:
            yield from named_in(leads_to(definition), definitions, recursive)
        else:
            yield id_
