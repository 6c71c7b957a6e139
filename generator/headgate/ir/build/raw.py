"""Operations as the document has them, each with an id of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from headgate.ir.build.reader import Node, Reader, is_object, text_at
from headgate.ir.operations import HttpMethod

_VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_METHODS = frozenset(verb.upper() for verb in _VERBS)


@dataclass(frozen=True, slots=True)
class RawOperation:
    """An operation as the document has it, before it is read."""

    id: str
    """The operationId; verb and path where it is absent or already taken."""
    verb: HttpMethod
    path: str
    item: Node
    node: Node

    @property
    def spot(self) -> str:
        """The verb and path, by which settings can name it (`POST /things`)."""
        return f"{self.verb} {self.path}"


def raw_operations(reader: Reader) -> list[RawOperation]:
    """List the operations in the document's order."""
    found: list[RawOperation] = []
    taken: set[str] = set()
    for path, item in reader.root.objects("paths"):
        resolved = reader.resolve(item)
        for verb in resolved.value:
            node = resolved.value[verb]
            if verb in _VERBS and is_object(node):
                method = cast("HttpMethod", verb.upper())
                child = Node(node, resolved.child(verb))
                found.append(_raw(method, path, resolved, child, taken))
        for verb, child in resolved.objects("additionalOperations"):
            if verb.upper() in _METHODS:
                method = cast("HttpMethod", verb.upper())
                found.append(_raw(method, path, resolved, child, taken))
            else:
                message = f"no SDK can send the method {verb!r}"
                reader.report("method-left-out", message, child.pointer, "warning")
    return found


def _raw(
    method: HttpMethod, path: str, item: Node, node: Node, taken: set[str]
) -> RawOperation:
    named = text_at(node.value, "operationId")
    unique = named if named and named not in taken else f"{method.lower()} {path}"
    taken.add(unique)
    return RawOperation(unique, method, path, item, node)
