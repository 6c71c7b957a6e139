"""Null as the dialects write it, taken out of a schema."""

from __future__ import annotations

from typing import cast

from headgate.ir.build.reader import Node, as_list, as_object, is_list, is_object
from headgate.ir.build.shapes import STRUCTURAL

_NULLABLE = frozenset({"nullable", "oneOf", "anyOf", "enum"})


def without_null(node: Node) -> tuple[bool, Node]:
    """Take null out of a schema, whichever of the five dialects put it there."""
    if _NULLABLE.isdisjoint(node.value) and not is_list(node.value.get("type")):
        return False, node
    value = dict(node.value)
    nullable = value.pop("nullable", False) is True
    kinds = value.get("type")
    if isinstance(kinds, list) and "null" in kinds:
        rest = [kind for kind in cast("list[str]", kinds) if kind != "null"]
        nullable = True
        value["type"] = rest[0] if len(rest) == 1 else rest
        if not rest:
            value["type"] = "null"
    for key in ("oneOf", "anyOf"):
        members = as_list(value.get(key))
        kept = [member for member in members if not _is_null(member)]
        if len(kept) != len(members):
            nullable = True
            value[key] = kept
    if isinstance(value.get("enum"), list) and None in value["enum"]:
        nullable = nullable or len(value["enum"]) > 1
    return nullable, _lone_member(node, value)


def without_null_branch(node: Node) -> Node:
    """Take null out of a schema's union, where it is one of the branches."""
    branches = [*as_list(node.value.get("oneOf")), *as_list(node.value.get("anyOf"))]
    return without_null(node)[1] if any(map(_is_null, branches)) else node


def _lone_member(node: Node, value: dict[str, object]) -> Node:
    """Take the lone member that null leaves out of its union, pointer and all."""
    for key in ("oneOf", "anyOf"):
        original = as_list(node.value.get(key))
        kept = as_list(value.get(key))
        if len(kept) == 1 and len(original) > 1 and is_object(kept[0]):
            index = original.index(kept[0])
            rest = {k: v for k, v in value.items() if k not in (key, "discriminator")}
            if not STRUCTURAL & rest.keys():
                return Node(kept[0], node.child(key, index))
    return Node(value, node.pointer)


def _is_null(member: object) -> bool:
    value = as_object(member)
    return value.get("type") == "null" or ("const" in value and value["const"] is None)
