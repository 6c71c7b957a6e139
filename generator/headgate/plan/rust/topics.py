"""The modules of types: files, and folders of files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headgate.plan.rust.names import claim_joined, module_scope
from headgate.plan.topics import topics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.encoding.code import Code
    from headgate.ir.api import Api
    from headgate.ir.types import Definition
    from headgate.names import Scope


@dataclass(slots=True)
class Group:
    """A module of `types`: a file with types, or a folder with parts."""

    name: Code
    types: list[Definition] = field(default_factory=list["Definition"])
    parts: dict[str, Group] = field(default_factory=dict[str, "Group"])
    names: Scope = field(init=False)

    def __post_init__(self) -> None:
        """Keep parts from being called like the folder (`clippy::module_inception`)."""
        self.names = module_scope("mod", self.name.text)


def type_groups(api: Api, *reserved: str) -> Mapping[str, Group]:
    """Give the modules of types, clear of names that are taken."""
    modules = module_scope(*reserved)
    groups: dict[str, Group] = {}
    for id_, topic in topics(api).items():
        if topic.group not in groups:
            groups[topic.group] = Group(claim_joined(modules, topic.group, "types"))
        home = group = groups[topic.group]
        if topic.part is not None:
            if topic.part not in group.parts:
                name = claim_joined(group.names, topic.part, "types")
                group.parts[topic.part] = Group(name)
            home = group.parts[topic.part]
        home.types.append(api.definitions[id_])
    return groups
