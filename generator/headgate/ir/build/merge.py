"""`allOf` settled: its branches merged into one schema."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from headgate.document.grammar import ANNOTATIONS
from headgate.ir.build.nulls import without_null_branch
from headgate.ir.build.reader import Node, Object, Reader, as_list, as_object, is_object

_DEEPEST = 20
_ANNOTATIONS = ANNOTATIONS | {"nullable", "summary"}


def merged_all_of(reader: Reader, node: Node) -> Node | str:
    """Merge the branches of `allOf` and the schema around them.

    Where one reference is all there is beside annotations, its target is given
    instead: the schema means that very type.
    """
    own = {key: value for key, value in node.value.items() if key != "allOf"}
    branches = node.items("allOf")
    if "$ref" in own:
        branches.insert(0, Node({"$ref": own.pop("$ref")}, node.pointer))
    # A branch that only describes leaves the type to the others.
    telling = [branch for branch in branches if not _only_annotations(branch.value)]
    if _only_annotations(own) and len(telling) == 1:
        target = telling[0].value.get("$ref")
        if isinstance(target, str) and _only_annotations(_without_ref(telling[0])):
            return target
    merging = _Merging(reader, node.pointer)
    merged: Object = {}
    for branch in branches:
        merging.merge(merged, merging.flat(branch, frozenset()))
    merging.merge(merged, own)
    for conflict in merging.conflicts:
        reader.report("all-of-conflict", conflict, node.pointer, "warning")
    return Node(merged, node.pointer)


def admits_null(reader: Reader, node: Node, depth: int = 0) -> bool:
    """Whether null is allowed by an `allOf`: by every branch that says of a type."""
    resolved = reader.resolve(node)
    value = resolved.value
    if value.get("nullable") is True or "null" in as_list(value.get("type")):
        return True
    branches = resolved.items("allOf")
    telling = [branch for branch in branches if not _only_annotations(branch.value)]
    says_more = "type" in value or "properties" in value
    if not telling or says_more or depth > _DEEPEST:
        return False
    return all(admits_null(reader, branch, depth + 1) for branch in telling)


def _without_ref(node: Node) -> Object:
    return {key: value for key, value in node.value.items() if key != "$ref"}


def _only_annotations(value: Object) -> bool:
    return all(key in _ANNOTATIONS or key.startswith("x-") for key in value)


def flattened(reader: Reader, node: Node) -> Object:
    """Give a schema with its references and `allOf`s put together."""
    return _Merging(reader, node.pointer).flat(node, frozenset())


def descends(
    reader: Reader, node: Node, ancestor: Node, seen: frozenset[str] = frozenset()
) -> bool:
    """Whether a schema has another in its `allOf`, or in that of what it has there."""
    for branch in (node, *node.items("allOf")):
        target = branch.value.get("$ref")
        found = reader.at(target) if isinstance(target, str) else None
        if found is None or found.pointer in seen:
            continue
        if found.pointer == ancestor.pointer:
            return True
        if descends(reader, found, ancestor, seen | {found.pointer}):
            return True
    return False


@dataclass(slots=True)
class _Merging:
    """Merges schemas; of what cannot hold at once the later counts, and is noted."""

    reader: Reader
    start: str
    """Where the schema stands that is put together."""
    conflicts: list[str] = field(default_factory=list[str])

    def flat(self, node: Node, seen: frozenset[str]) -> Object:
        """Resolve a branch and, inside it, further references and `allOf`s.

        A branch that may be null may not beside one that may not.
        """
        node = without_null_branch(node)
        target = node.value.get("$ref")
        result: Object = {}
        if isinstance(target, str):
            if target in seen:
                return {}
            found = self.reader.at(target)
            if found is not None:
                seen |= {target}
                inherited = self.flat(found, seen)
                result = {k: v for k, v in inherited.items() if k not in _ANNOTATIONS}
                result.pop("discriminator", None)
                self._drop_siblings(result, seen)
        for branch in node.items("allOf"):
            self.merge(result, self.flat(branch, seen))
        own = {k: v for k, v in node.value.items() if k not in ("$ref", "allOf")}
        self.merge(result, own)
        return result

    def _drop_siblings(self, result: Object, seen: frozenset[str]) -> None:
        """Drop the union of a schema's heirs from one of them: it is its own branch."""
        for key in ("oneOf", "anyOf"):
            branches = Node(result, self.start).items(key)
            places = {self.reader.resolve(each).pointer for each in branches}
            found = [self.reader.at(target) for target in seen] if places else []
            if places & {self.start, *(each.pointer for each in found if each)}:
                del result[key]

    def merge(self, target: Object, source: Object) -> None:
        """Put a schema's keywords over those of another."""
        for key, value in source.items():
            match key:
                case "properties" | "patternProperties":
                    target[key] = self._properties(target.get(key), value)
                case "required":
                    known = as_list(target.get(key))
                    more = [name for name in as_list(value) if name not in known]
                    target[key] = [*known, *more]
                case "enum":
                    target[key] = _narrowed(target.get(key), as_list(value))
                case "type":
                    target[key] = self._type(target.get(key, value), value)
                case "additionalProperties" if target.get(key) is False:
                    pass
                case "oneOf" | "anyOf" if target.get(key, value) != value:
                    self.conflicts.append(f"of several '{key}' only the last counts")
                    target[key] = value
                case _:
                    target[key] = value

    def _properties(self, known: object, added: object) -> Object:
        properties = dict(as_object(known))
        for name, schema in as_object(added).items():
            earlier = properties.get(name)
            if is_object(earlier) and is_object(schema) and _refines(earlier, schema):
                merged = dict(earlier)
                self.merge(merged, schema)
                properties[name] = merged
                continue
            if is_object(earlier) and _disagree(earlier, as_object(schema)):
                self.conflicts.append(f"of several '{name}' only the last counts")
            properties[name] = schema
        return properties

    def _type(self, earlier: object, later: object) -> object:
        """Give the types that both admit; an integer is a number too."""
        before, after = _kinds(earlier), _kinds(later)
        both = [kind for kind in after if kind in before]
        if "integer" in after and "number" in before and "integer" not in before:
            both.append("integer")
        if "number" in after and "integer" in before and "integer" not in both:
            both.append("integer")
        if not both:
            shown = f"'{' or '.join(before)}' and '{' or '.join(after)}'"
            self.conflicts.append(f"nothing is {shown} at once; the last counts")
            return later
        return both[0] if len(both) == 1 else both


def _kinds(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(kind) for kind in as_list(value)]


def _disagree(earlier: Object, later: Object) -> bool:
    """Whether two schemas of a property both refer, and to different things."""
    targets = earlier.get("$ref"), later.get("$ref")
    return None not in targets and targets[0] != targets[1]


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
