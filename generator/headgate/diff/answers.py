"""What answers hold beside the result: headers, errors and what is not there yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headgate.diff.changes import Changes, Level
from headgate.diff.tally import Place, Tally, escaped
from headgate.diff.types import Spot, TypeComparison
from headgate.diff.values import quoted
from headgate.diff.written import Written, as_object
from headgate.errors import Location

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.ir.operations import Operation, ResponseHeader
    from headgate.ir.types import TypeExpr


@dataclass(slots=True)
class AnswerComparison:
    """Compares the sides of answers."""

    before: Written
    after: Written
    types: TypeComparison
    changes: Changes
    tally: Tally
    compared: set[tuple[Location, Location]] = field(
        default_factory=set[tuple[Location, Location]]
    )

    def compare(self, old: Operation, new: Operation, name: str) -> None:
        """Compare what one operation answers beside its results."""
        place = Place(name, old.location, new.location)
        self._compare_statuses(old, new, place)
        self._compare_bodies(old, new, name)
        self._compare_headers(old.headers, new.headers, "the answer", place)
        self._compare_headers(
            old.failure_headers, new.failure_headers, "the errors", place
        )
        for status in sorted({*new.pending} - {*old.pending}):
            message = f"the answer of {{}} may be pending now ({status})"
            self.tally.remember("pending-added", "risky", message, place)
        for status in sorted({*old.pending} - {*new.pending}):
            message = f"the answer of {{}} is pending no longer ({status})"
            self.tally.remember("pending-removed", "safe", message, place)

    def _compare_statuses(self, old: Operation, new: Operation, place: Place) -> None:
        was, now = _errors(self.before, old), _errors(self.after, new)
        for status in was - now:
            message = f"the error {status} of {{}} is declared no longer"
            self.tally.remember("answer-removed", "risky", message, place)
        for status in now - was:
            message = f"the error {status} of {{}} is declared now"
            self.tally.remember("answer-added", "safe", message, place)

    def _compare_bodies(self, old: Operation, new: Operation, name: str) -> None:
        was = {each.status: each for each in old.failures}
        now = {each.status: each for each in new.failures}
        both = _errors(self.before, old) & _errors(self.after, new)
        for status in sorted(both):
            first, second = was.get(status), now.get(status)
            what = f"the body of the error {status} of {name}"
            if first is not None and second is not None:
                spot = Spot(what, first.location, second.location)
                self._compare_once(first.type, second.type, spot)
            elif first is not None:
                places = {"old": first.location, "new": new.location}
                self.changes.note(
                    "answer-emptied", "risky", f"{what} is gone", **places
                )
            elif second is not None:
                places = {"old": old.location, "new": second.location}
                self.changes.note("answer-filled", "safe", f"{what} is new", **places)

    def _compare_headers(
        self,
        old: Iterable[ResponseHeader],
        new: Iterable[ResponseHeader],
        where: str,
        place: Place,
    ) -> None:
        was = {each.name.lower(): each for each in old}
        now = {each.name.lower(): each for each in new}
        for key, each in was.items():
            name = f"the header {escaped(quoted(each.name))} of {where} of {{}}"
            found = now.get(key)
            if found is None:
                level: Level = "breaking" if _is_promised(each, where) else "risky"
                self.tally.remember("header-removed", level, f"{name} is gone", place)
                continue
            if each.required and not found.required:
                message = f"{name} may be absent now"
                self.tally.remember("header-optional", "risky", message, place)
            if found.required and not each.required:
                message = f"{name} is always there now"
                self.tally.remember("header-required", "safe", message, place)
            spot = Spot(name.format(place.name), each.location, found.location)
            self._compare_once(each.type, found.type, spot)
        for key, each in now.items():
            if key not in was:
                message = (
                    f"the header {escaped(quoted(each.name))} of {where} of {{}} is new"
                )
                self.tally.remember("header-added", "safe", message, place)

    def _compare_once(self, old: TypeExpr, new: TypeExpr, spot: Spot) -> None:
        """Compare what several operations share where the first of them has it."""
        if (spot.old, spot.new) not in self.compared:
            self.compared.add((spot.old, spot.new))
            self.types.compare_whole(old, new, "received", spot)


def _is_promised(header: ResponseHeader, where: str) -> bool:
    return header.required and where == "the answer"


def _errors(document: Written, operation: Operation) -> set[str]:
    """Give the statuses that an operation declares for errors."""
    responses = as_object(document.at(operation.location).get("responses"))
    return {
        status
        for status in responses
        if status == "default" or status[:1] in ("4", "5")
    }
