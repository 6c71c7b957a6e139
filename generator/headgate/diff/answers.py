"""Answers that report errors: which an operation declares, and what is in each.

The SDKs read every error in one way and keep its body as raw JSON, so the IR has no
types of single bodies. Programs that look into one are told here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from headgate.diff.changes import Changes
from headgate.diff.written import Written, as_object
from headgate.document.json_values import Json, JsonObject
from headgate.errors import Location
from headgate.ir.operations import Operation

_DEEPEST: Final = 4


@dataclass(frozen=True, slots=True)
class AnswerComparison:
    """Compares the error answers of operations."""

    before: Written
    after: Written
    changes: Changes

    def compare(self, old: Operation, new: Operation, name: str) -> None:
        """Compare the answers of one operation that are no success."""
        was = dict(_errors(self.before, old))
        now = dict(_errors(self.after, new))
        places = {"old": old.location, "new": new.location}
        for status in was.keys() - now.keys():
            message = f"{name} no longer declares the error {status}"
            self.changes.note("answer-removed", "risky", message, **places)
        for status in now.keys() - was.keys():
            message = f"{name} declares the error {status} now"
            self.changes.note("answer-added", "safe", message, **places)
        for status in was.keys() & now.keys():
            self._compare_bodies(was[status], now[status], status, name, places)

    def _compare_bodies(
        self,
        old: JsonObject,
        new: JsonObject,
        status: str,
        name: str,
        places: dict[str, Location],
    ) -> None:
        was, now = dict(_parts(self.before, old)), dict(_parts(self.after, new))
        body = f"the body of the error {status} of {name}"
        for part in was.keys() - now.keys():
            if _around(part) in now:
                message = f"{body} no longer has '{part}'"
                self.changes.note("answer-changed", "risky", message, **places)
        for part in now.keys() - was.keys():
            if _around(part) in was:
                message = f"{body} has '{part}' now"
                self.changes.note("answer-grown", "safe", message, **places)
        for part in was.keys() & now.keys():
            if was[part] != now[part]:
                what = f"'{part}' of {body}" if part else body
                message = f"{what} is {now[part]} now, before {was[part]}"
                self.changes.note("answer-changed", "risky", message, **places)


def _errors(
    document: Written, operation: Operation
) -> Iterator[tuple[str, JsonObject]]:
    """Give the schema of each error answer, an empty one where it has no JSON."""
    responses = as_object(document.at(operation.location).get("responses"))
    for status, response in responses.items():
        if status == "default" or status[:1] in ("4", "5"):
            content = as_object(document.resolved(response).get("content"))
            media = next((content[each] for each in content if "json" in each), None)
            yield status, as_object(as_object(media).get("schema"))


def _parts(
    document: Written, schema: Json, path: str = "", depth: int = 0
) -> Iterator[tuple[str, str]]:
    """Give the kind of a value and of every property in it, by its path."""
    value = document.resolved(schema)
    members = value.get("allOf")
    for member in members if isinstance(members, list) else []:
        yield from _parts(document, member, path, depth)
    kind = _kind(value)
    if kind:
        yield path, kind
    if depth < _DEEPEST:
        for name, inner in as_object(value.get("properties")).items():
            below = f"{path}.{name}" if path else name
            yield from _parts(document, inner, below, depth + 1)


def _kind(schema: JsonObject) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(sorted(map(str, kind)))
    if isinstance(kind, str):
        return f"null or {kind}" if schema.get("nullable") is True else kind
    return "object" if "properties" in schema else ""


def _around(path: str) -> str:
    return path.rpartition(".")[0]
