"""Questions about the shape of a schema that several readers ask."""

from __future__ import annotations

from headgate.document.json_values import fragment_tokens
from headgate.ir.build.reader import (
    COMPONENT,
    Node,
    Object,
    as_list,
    as_object,
    is_object,
)

STRUCTURAL = frozenset(
    {"type", "properties", "required", "items", "enum", "allOf", "oneOf", "anyOf"}
    | {"additionalProperties", "const", "patternProperties", "prefixItems"}
)
"""Keywords that say of what type a value is."""

_CONSTRAINTS = frozenset(
    {"required", "not", "minProperties", "maxProperties", "dependentRequired"}
    | {"title", "description", "$comment", "if", "then", "else", "pattern"}
    | {"minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems"}
)


def is_only_constraint(member: Node) -> bool:
    """Whether a branch limits what the schema around it admits and adds nothing."""
    return member.value.keys() <= _CONSTRAINTS


def is_closed(value: Object) -> bool:
    """Whether an object admits no property but those it names."""
    if "patternProperties" in value:
        return False
    if value.get("additionalProperties") is False:
        return True
    return (
        value.get("unevaluatedProperties") is False
        and "additionalProperties" not in value
        and bool(value.get("properties"))
    )


def component_of(target: str) -> str:
    """Give the name of the schema that a reference, or a mapping, leads to."""
    return fragment_tokens(target)[-1] if target.startswith("#/") else target


def heirs(schemas: Object) -> dict[str, list[str]]:
    """Say which schemas have each other schema in their `allOf`."""
    found: dict[str, list[str]] = {}
    for name, schema in schemas.items():
        for branch in as_list(as_object(schema).get("allOf")):
            target = str(as_object(branch).get("$ref", ""))
            if target.startswith(COMPONENT):
                found.setdefault(component_of(target), []).append(name)
    return found


def tuple_places(node: Node) -> list[Node]:
    """Give the schemas of an array's first items, by `prefixItems` or listed `items`.

    `true` admits anything; `false` ends the places.
    """
    for key in ("prefixItems", "items"):
        found: list[Node] = []
        for index, value in enumerate(as_list(node.value.get(key))):
            if value is False:
                break
            schema = value if is_object(value) else {}
            found.append(Node(schema, node.child(key, index)))
        if found:
            return found
    return []


def tuple_rest(node: Node) -> Node | None:
    """Give the schema of the items behind a tuple's places; None: there are none."""
    key = "items" if as_list(node.value.get("prefixItems")) else "additionalItems"
    value = node.value.get(key, True)
    most = node.value.get("maxItems")
    if value is False or (isinstance(most, int) and most <= len(tuple_places(node))):
        return None
    return Node(value if is_object(value) else {}, node.child(key))


def is_whole_tuple(node: Node, places: int) -> bool:
    """Whether every array has all the places: a shorter one is a list."""
    least = node.value.get("minItems")
    return isinstance(least, int) and least >= places
