"""Which module each definition belongs to: a file, or a part in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.names import Scope
from headgate.plan.topics import Topic, topics
from headgate.plan.typescript.names import file_name

if TYPE_CHECKING:
    from headgate.ir.api import Api
    from headgate.ir.types import TypeId


def type_modules(api: Api) -> dict[TypeId, str]:
    """Give the module of each definition, below `src` and without an ending."""
    folders = Scope(fold_case=True)
    groups: dict[str, str] = {}
    parts: dict[str, Scope] = {}
    modules: dict[Topic, str] = {}
    found: dict[TypeId, str] = {}
    for id_, topic in topics(api).items():
        if topic.group not in groups:
            groups[topic.group] = f"types/{_claimed(topic.group, folders)}"
            parts[topic.group] = Scope(fold_case=True)
        if topic not in modules:
            modules[topic] = groups[topic.group]
            if topic.part is not None:
                part = _claimed(topic.part, parts[topic.group])
                modules[topic] = f"{groups[topic.group]}/{part}"
        found[id_] = modules[topic]
    return found


def _claimed(words: str, files: Scope) -> str:
    """Give the free name of a file that is nearest to the words."""
    name = file_name(words.replace("_", "-"))
    flat = name.replace("-", "_")
    return f"{name}{files.claim(flat).text.removeprefix(flat)}"
