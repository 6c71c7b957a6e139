"""Operations: what is asked of a call, and what it gives back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Final

from headgate.diff.answers import AnswerComparison
from headgate.diff.calls import compare_stream_calls
from headgate.diff.changes import Changes, Level, Way
from headgate.diff.tally import Place, Tally, escaped
from headgate.diff.types import Spot, TypeComparison
from headgate.diff.values import quoted
from headgate.ir.operations import (
    Body,
    Operation,
    Page,
    Parameter,
    PathLiteral,
    Result,
)

_CONTENT: Final = re.compile(r" (as|giving) [^ ]+$")
"""How the id of an operation ends that stands once for each kind of content."""


@dataclass(frozen=True, slots=True)
class OperationComparison:
    """Compares the operations of two APIs."""

    types: TypeComparison
    answers: AnswerComparison
    changes: Changes
    tally: Tally

    def compare(
        self, old: Sequence[Operation], new: Sequence[Operation]
    ) -> dict[str, str]:
        """Compare all operations: those that can be found again, by the way to them.

        Gives the streams that they answer with: each old name with its new one.
        """
        pairs, gone, added = _paired(old, new)
        for before, after in pairs:
            self._compare_pair(before, after)
        for each in gone:
            message = f"{shown(each)} is gone"
            self.changes.note(
                "operation-removed", "breaking", message, old=each.location, new=None
            )
        for each in added:
            message = f"{shown(each)} is new"
            self.changes.note("operation-added", "safe", message, new=each.location)
        return {
            before.stream.stream: after.stream.stream
            for before, after in pairs
            if before.stream is not None and after.stream is not None
        }

    def _compare_pair(self, old: Operation, new: Operation) -> None:
        name, places = shown(old), {"old": old.location, "new": new.location}
        note = self.changes.note
        if (old.verb, _shape(old)) != (new.verb, _shape(new)):
            note("path-changed", "breaking", f"{name} is {shown(new)} now", **places)
        if (old.resource, old.method) != (new.resource, new.method):
            was, now = (".".join((*it.resource, it.method)) for it in (old, new))
            message = f"{name} is called as {now} by the SDKs now, as {was} before"
            note("method-renamed", "breaking", message, **places)
        if new.docs.deprecated and not old.docs.deprecated:
            note("newly-deprecated", "safe", f"{name} is deprecated now", **places)
        if old.idempotency != "none" and new.idempotency == "none":
            message = f"{name} may no longer be repeated safely"
            note("idempotency-removed", "risky", message, **places)
        self._compare_security(old, new)
        self._compare_parameters(old, new)
        self._compare_bodies(old, new)
        self._compare_results(old, new)
        self._compare_pages(old, new)
        self.answers.compare(old, new, name)
        compare_stream_calls(old, new, name, self.changes)

    def _compare_security(self, old: Operation, new: Operation) -> None:
        was = {frozenset(each) for each in old.security} or {frozenset[str]()}
        now = {frozenset(each) for each in new.security} or {frozenset[str]()}
        place = Place(shown(old), old.location, new.location)
        for credentials in sorted(was, key=sorted):
            if not any(asked <= credentials for asked in now):
                with_ = _credentials(credentials)
                message = f"{{}} can no longer be called with {escaped(with_)}"
                self.tally.remember("security-tightened", "breaking", message, place)
        for credentials in sorted(now, key=sorted):
            if not any(asked <= credentials for asked in was):
                with_ = _credentials(credentials)
                message = f"{{}} can be called with {escaped(with_)} now"
                self.tally.remember("security-loosened", "safe", message, place)

    def _compare_parameters(self, old: Operation, new: Operation) -> None:
        was = {(each.place, each.name): each for each in old.parameters}
        now = {(each.place, each.name): each for each in new.parameters}
        path_names = _renamed_in_path(old, new)
        for key, each in was.items():
            found = now.get((each.place, path_names.get(each.name, each.name)))
            if each.place != "path":
                found = now.get(key)
            if found is None:
                message = f"{escaped(_parameter(each))} of {{}} is gone"
                place = Place(shown(old), each.location, new.location)
                self.tally.remember("parameter-removed", "breaking", message, place)
            else:
                self._compare_parameter(each, found, old)
        known = {*was, *(("path", name) for name in path_names.values())}
        for key, each in now.items():
            if key not in known:
                self._note_added_parameter(each, old)

    def _note_added_parameter(self, added: Parameter, old: Operation) -> None:
        also = " and required" if added.required else ""
        message = f"{escaped(_parameter(added))} of {{}} is new{also}"
        level: Level = "breaking" if added.required else "safe"
        place = Place(shown(old), old.location, added.location)
        self.tally.remember("parameter-added", level, message, place)

    def _compare_parameter(
        self, old: Parameter, new: Parameter, operation: Operation
    ) -> None:
        name = f"{_parameter(old)} of {shown(operation)}"
        places = {"old": old.location, "new": new.location}
        note = self.changes.note
        if old.name != new.name:
            message = f"{name} is called {quoted(new.name)} now"
            note("parameter-renamed", "risky", message, **places)
        if new.required and not old.required:
            message = f"{name} is required now"
            note("parameter-required", "breaking", message, **places)
        if old.required and not new.required:
            message = f"{name} may be left out now"
            note("parameter-optional", "safe", message, **places)
        if _writing(old) != _writing(new):
            message = f"{name} is written otherwise: {_writing(new)}"
            note("parameter-style", "breaking", message, **places)
        if old.default != new.default:
            note("default-changed", "risky", f"{name} has another default", **places)
        if new.docs.deprecated and not old.docs.deprecated:
            note("newly-deprecated", "safe", f"{name} is deprecated now", **places)
        self._compare_types(old, new, "sent", name)

    def _compare_types(
        self,
        old: Parameter | Body | Result,
        new: Parameter | Body | Result,
        way: Way,
        name: str,
    ) -> None:
        spot = Spot(name, old.location, new.location)
        self.types.compare_whole(old.type, new.type, way, spot)

    def _compare_bodies(self, old: Operation, new: Operation) -> None:
        was, now, name = old.body, new.body, f"the body of {shown(old)}"
        note = self.changes.note
        if was is None and now is not None:
            level: Level = "breaking" if now.required else "safe"
            message = f"{name} is new{' and required' if now.required else ''}"
            note("body-added", level, message, old=old.location, new=now.location)
        if was is not None and now is None:
            message = f"{name} is gone"
            note(
                "body-removed", "breaking", message, old=was.location, new=new.location
            )
        if was is None or now is None:
            return
        places = {"old": was.location, "new": now.location}
        if now.required and not was.required:
            note("body-required", "breaking", f"{name} is required now", **places)
        if was.required and not now.required:
            note("body-optional", "safe", f"{name} may be left out now", **places)
        if was.media_type != now.media_type:
            message = f"{name} was {was.media_type}, is {now.media_type} now"
            note("media-type-changed", "breaking", message, **places)
        if was.kind == now.kind:
            self._compare_parts(was, now, name)
            self._compare_types(was, now, "sent", name)

    def _compare_parts(self, old: Body, new: Body, name: str) -> None:
        was = {part.field: part for part in old.parts}
        now = {part.field: part for part in new.parts}
        for each in was.keys() & now.keys():
            if was[each] != now[each]:
                message = f"{quoted(each)} of {name} is written otherwise"
                places = {"old": old.location, "new": new.location}
                self.changes.note("part-changed", "breaking", message, **places)

    def _compare_results(self, old: Operation, new: Operation) -> None:
        was, now, name = old.result, new.result, f"the answer of {shown(old)}"
        note = self.changes.note
        if was is None and now is not None and not old.only_streams:
            message = f"{name} has a body now"
            note("result-added", "safe", message, old=old.location, new=now.location)
        if was is not None and now is None and not new.only_streams:
            message = f"{name} has no body now"
            places = {"old": was.location, "new": new.location}
            note("result-removed", "breaking", message, **places)
        if was is None or now is None:
            return
        places = {"old": was.location, "new": now.location}
        if was.media_type != now.media_type:
            message = f"{name} was {was.media_type}, is {now.media_type} now"
            level: Level = "breaking" if was.kind != now.kind else "risky"
            note("media-type-changed", level, message, **places)
        if now.may_be_empty and not was.may_be_empty:
            note("result-empty", "breaking", f"{name} may be empty now", **places)
        if was.statuses != now.statuses:
            message = f"{name} has status {_listed(now.statuses)} now"
            note("status-changed", "risky", message, **places)
        if was.kind == now.kind:
            self._compare_types(was, now, "received", name)

    def _compare_pages(self, old: Operation, new: Operation) -> None:
        was, now, name = old.page, new.page, f"the list of {shown(old)}"
        places = {"old": old.location, "new": new.location}
        note = self.changes.note
        if was is not None and now is None:
            message = f"{name} can no longer be paged through"
            note("pagination-removed", "breaking", message, **places)
        elif was is None and now is not None:
            message = f"{name} comes in pages now, and iterates in the SDKs"
            note("pagination-added", "risky", message, **places)
        elif was is not None and now is not None and _page(was) != _page(now):
            message = f"{name} continues otherwise: {_page(now)}"
            note("pagination-changed", "breaking", message, **places)


def shown(operation: Operation) -> str:
    """Name an operation: verb and path, and which of its bodies or answers it is."""
    path = "".join(
        part.text if isinstance(part, PathLiteral) else f"{{{part.name}}}"
        for part in operation.path
    )
    content = _CONTENT.search(operation.id)
    return f"{operation.verb} {path}{content[0] if content else ''}"


def _shape(operation: Operation) -> str:
    """Give the path without the names of its variables."""
    return "".join(
        part.text if isinstance(part, PathLiteral) else "{}" for part in operation.path
    )


def _paired(
    old: Sequence[Operation], new: Sequence[Operation]
) -> tuple[list[tuple[Operation, Operation]], list[Operation], list[Operation]]:
    """Find operations again: by all that names them, then by ever less of it."""
    pairs: list[tuple[Operation, Operation]] = []
    left, right = list(old), list(new)
    for key in (_whole, _way, _named):
        after = {key(each): each for each in reversed(right)}
        for each in list(left):
            found = after.pop(key(each), None)
            if found is not None:
                pairs.append((each, found))
                left.remove(each)
                right.remove(found)
    return pairs, left, right


def _whole(operation: Operation) -> tuple[str, ...]:
    body = operation.body.media_type if operation.body else ""
    result = operation.result.media_type if operation.result else ""
    return (*_way(operation), operation.id, body, result, operation.accept or "")


def _way(operation: Operation) -> tuple[str, ...]:
    return (operation.verb, _shape(operation))


def _named(operation: Operation) -> tuple[str, ...]:
    return (operation.id, operation.method)


def _renamed_in_path(old: Operation, new: Operation) -> dict[str, str]:
    """Pair the variables of a path by their places; their names reach no server."""
    was = [part.name for part in old.path if not isinstance(part, PathLiteral)]
    now = [part.name for part in new.path if not isinstance(part, PathLiteral)]
    return dict(zip(was, now, strict=True)) if len(was) == len(now) else {}


def _parameter(parameter: Parameter) -> str:
    return f"the {parameter.place} parameter {quoted(parameter.name)}"


def _writing(parameter: Parameter) -> str:
    if parameter.content_type is not None:
        return parameter.content_type
    return f"{parameter.style}{', exploded' if parameter.explode else ''}"


def _credentials(names: frozenset[str]) -> str:
    return _listed(sorted(names)) if names else "no credential"


def _listed(texts: Iterable[str]) -> str:
    return " and ".join(texts)


def _page(page: Page) -> str:
    """Say how a list continues, without the type of its items."""
    names = [each.name for each in fields(page) if each.name != "item"]
    told = [f"{name}={getattr(page, name)}" for name in names]
    return f"{type(page).__name__}({', '.join(told)})"
