"""`allOf` settled: its branches merged into one schema."""

from __future__ import annotations

from typing import Any

from headgate.ir.build.reader import Node, Object, Reader, as_list, as_object, is_object

_ANNOTATIONS = frozenset(
    {"description", "title", "summary", "deprecated", "example", "examples", "default"}
    | {"readOnly", "writeOnly", "externalDocs", "nullable", "xml", "$comment"}
)


def merged_all_of(reader: Reader, node: Node) -> Node | str:
    """Merge the branches of `allOf` and the schema around them.

    Where one reference is all there is beside annotations, its target is given
    instead: the schema means that very type.
    """
    own = {key: value for key, value in node.value.items() if key != "allOf"}
    branches = node.items("allOf")
    if "$ref" in own:
        branches.insert(0, Node({"$ref": own.pop("$ref")}, node.pointer))
    if _only_annotations(own) and len(branches) == 1:
        target = branches[0].value.get("$ref")
        if isinstance(target, str) and _only_annotations(_without_ref(branches[0])):
            return target
    merged: Object = {}
    for branch in branches:
        _merge(merged, _flat(reader, branch, frozenset()))
    _merge(merged, own)
    return Node(merged, node.pointer)


def _without_ref(node: Node) -> Object:
    return {key: value for key, value in node.value.items() if key != "$ref"}


def _only_annotations(value: Object) -> bool:
    return all(key in _ANNOTATIONS or key.startswith("x-") for key in value)


def _flat(reader: Reader, node: Node, seen: frozenset[str]) -> Object:
    """Resolve a branch and, inside it, further references and `allOf`s."""
    target = node.value.get("$ref")
    result: Object = {}
    if isinstance(target, str):
        if target in seen:
            return {}
        found = reader.at(target)
        if found is not None:
            inherited = _flat(reader, found, seen | {target})
            result = {k: v for k, v in inherited.items() if k not in _ANNOTATIONS}
            result.pop("discriminator", None)
    for branch in node.items("allOf"):
        _merge(result, _flat(reader, branch, seen))
    own = {k: v for k, v in node.value.items() if k not in ("$ref", "allOf")}
    _merge(result, own)
    return result


def _merge(target: Object, source: Object) -> None:
    for key, value in source.items():
        match key:
            case "properties":
                target[key] = _merged_properties(target.get(key), value)
            case "required":
                known = as_list(target.get(key))
                target[key] = [*known, *(n for n in as_list(value) if n not in known)]
            case "enum":
                target[key] = _narrowed(target.get(key), as_list(value))
            case "additionalProperties" if target.get(key) is False:
                pass
            case _:
                target[key] = value


def _merged_properties(known: object, added: object) -> Object:
    properties = dict(as_object(known))
    for name, schema in as_object(added).items():
        earlier = properties.get(name)
        if is_object(earlier) and is_object(schema) and _refines(earlier, schema):
            properties[name] = {**earlier, **schema}
        else:
            properties[name] = schema
    return properties


def _refines(earlier: Object, later: Object) -> bool:
    """Whether the later schema says only a part and leaves the rest to the earlier."""
    if "$ref" in earlier or "$ref" in later:
        return _only_annotations(later)
    return True


def _narrowed(known: object, values: list[Any]) -> list[Any]:
    earlier = as_list(known)
    if not earlier:
        return values
    return [value for value in earlier if value in values] or values
