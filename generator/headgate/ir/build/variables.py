"""The variables of a path, each with a parameter that fills it in."""

from __future__ import annotations

import re

from headgate.ir.build.reader import Node

VARIABLE = re.compile(r"\{([^{}]*)\}")
_FOR_QUERIES = frozenset({"style", "explode", "allowReserved", "allowEmptyValue"})


def sent(path: str) -> str:
    """Cut off a fragment, which only tells the document's paths apart."""
    return path.partition("#")[0]


def with_variables(path: str, parameters: list[Node], operation: Node) -> list[Node]:
    """Add what a path needs and nothing declares; the check has reported it.

    A variable is filled in by the query parameter of its name, whose place is a slip
    then, or by text.
    """
    declared = {name for it in parameters if (name := _name(it, "path")) is not None}
    variables: list[str] = VARIABLE.findall(sent(path))
    missing = [it for it in dict.fromkeys(variables) if it not in declared]
    if not missing:
        return parameters
    needed = frozenset(missing)
    found = [_moved(it) if _name(it, "query") in needed else it for it in parameters]
    moved = {_name(it, "path") for it in found}
    texts = [_text(name, operation) for name in missing if name not in moved]
    return [*found, *texts]


def _name(parameter: Node, place: str) -> str | None:
    value = parameter.value
    name = value.get("name")
    return name if value.get("in") == place and isinstance(name, str) else None


def _moved(parameter: Node) -> Node:
    kept = {k: v for k, v in parameter.value.items() if k not in _FOR_QUERIES}
    return Node({**kept, "in": "path"}, parameter.pointer)


def _text(name: str, operation: Node) -> Node:
    value = {"name": name, "in": "path", "schema": {"type": "string"}}
    return Node(value, operation.pointer)
