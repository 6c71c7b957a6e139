"""Event streams: their events, their end, how they resume and what they add up to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from headgate.diff.changes import Changes, Level
from headgate.diff.order import compare_orders
from headgate.diff.service import Sides
from headgate.diff.types import Spot, TypeComparison
from headgate.diff.values import quoted
from headgate.errors import Location
from headgate.ir.api import Api
from headgate.ir.streams import (
    Accumulation,
    EventCase,
    FieldStep,
    Fold,
    IndexStep,
    Path,
    Resume,
    Stream,
)


@dataclass(frozen=True, slots=True)
class StreamComparison:
    """Compares the streams of two APIs."""

    types: TypeComparison
    changes: Changes
    sides: Sides

    def compare(self, old: Api, new: Api, names: Mapping[str, str]) -> None:
        """Compare the streams of calls that both have; `names` are theirs."""
        for was, now in names.items():
            if was in old.streams and now in new.streams:
                self._compare_pair(old.streams[was], new.streams[now])

    def _compare_pair(self, old: Stream, new: Stream) -> None:
        name = f"the stream {quoted(old.name)}"
        self._compare_plain(old, new, name)
        self._compare_events(old, new, name)
        self._compare_resumes(old, new, name)
        self._compare_folds(old, new, name)
        self._compare_readers(old, new, name)
        if old.error != new.error:
            message = (
                f"{name} tells of errors by {_error(new)}, before by {_error(old)}"
            )
            level: Level = "safe" if old.error is None else "breaking"
            self._note("stream-error", level, message, old, new, "error")
        known = {case.name for case in old.cases}
        if old.declared and new.declared:
            compare_orders((old.name, new.name), known, self.sides, self.changes)

    def _note(
        self, code: str, level: Level, said: str, old: Stream, new: Stream, *way: str
    ) -> None:
        was, now = self._places(old, new, *way)
        self.changes.note(code, level, said, old=was, new=now)

    def _places(self, old: Stream, new: Stream, *way: str) -> tuple[Location, Location]:
        if old.declared and new.declared:
            was, now = ("x-streams", old.name, *way), ("x-streams", new.name, *way)
            return self.sides.between(was, now)
        return old.location, new.location

    def _compare_plain(self, old: Stream, new: Stream, name: str) -> None:
        self._note_other("stream-framing", "breaking", old, new, "framing")
        self._note_other("stream-discriminator", "breaking", old, new, "discriminator")
        self._note_other("stream-sentinel", "breaking", old, new, "sentinel")
        self._note_other("stream-sequence", "breaking", old, new, "sequence")
        self._note_other("stream-envelope", "risky", old, new, "enveloped")
        if old.declared != new.declared:
            message = f"{name} is {'' if new.declared else 'no longer '}declared"
            level: Level = "risky" if new.declared else "breaking"
            self._note("stream-declaration", level, message, old, new)

    def _note_other(
        self, code: str, level: Level, old: Stream, new: Stream, field: str
    ) -> None:
        was, now = getattr(old, field), getattr(new, field)
        if was != now:
            name = f"the stream {quoted(old.name)}"
            message = f"{name} has {field} {quoted(now)} now, {quoted(was)} before"
            self._note(code, level, message, old, new, field)

    def _compare_events(self, old: Stream, new: Stream, name: str) -> None:
        was = {case.name: case for case in old.cases}
        now = {case.name: case for case in new.cases}
        for event in was.keys() - now.keys():
            message = f"{name} no longer has the event {quoted(event)}"
            self._note("event-removed", "breaking", message, old, new, "event")
        for event in now.keys() - was.keys():
            self._note_added_event(now[event], old, new, name)
        for event in was.keys() & now.keys():
            self._compare_cases(was[event], now[event], old, new)
        if not was and not now:
            where = Spot(f"an event of {name}", old.location, new.location)
            self.types.compare(old.event, new.event, "received", where)

    def _note_added_event(
        self, case: EventCase, old: Stream, new: Stream, name: str
    ) -> None:
        if case.ending is not None:
            message = f"{name} may now end with the new event {quoted(case.name)}"
            self._note("end-added", "breaking", message, old, new, "event")
            return
        level: Level = "safe" if case.heartbeat else "risky"
        message = f"{name} has the new event {quoted(case.name)}"
        self._note("event-added", level, message, old, new, "event")

    def _compare_cases(
        self, old: EventCase, new: EventCase, was: Stream, now: Stream
    ) -> None:
        name = f"the event {quoted(old.name)} of the stream {quoted(was.name)}"
        if old.ending != new.ending:
            message = f"{name} {_ending(new)} now, before it {_ending(old)}"
            self._note("end-changed", "breaking", message, was, now, "ends")
        if old.heartbeat != new.heartbeat:
            message = f"{name} is {'' if new.heartbeat else 'no longer '}a heartbeat"
            self._note("heartbeat-changed", "risky", message, was, now, "heartbeats")
        spot = Spot(name, was.location, now.location)
        self.types.compare(old.type, new.type, "received", spot)

    def _compare_resumes(self, old: Stream, new: Stream, name: str) -> None:
        was, now = old.resume, new.resume
        if was is None and now is not None:
            message = f"{name} can be resumed now"
            self._note("resume-added", "safe", message, old, new, "resume")
        elif was is not None and now is None:
            message = f"{name} can no longer be resumed"
            self._note("resume-removed", "breaking", message, old, new, "resume")
        elif was is not None and now is not None:
            self._compare_resume(was, now, old, new)

    def _compare_resume(
        self, was: Resume, now: Resume, old: Stream, new: Stream
    ) -> None:
        name = f"the stream {quoted(old.name)}"
        if _way(was) != _way(now):
            message = f"{name} is resumed by {_way(now)} now, before by {_way(was)}"
            self._note("resume-changed", "breaking", message, old, new, "resume")
        if dict(was.statuses) != dict(now.statuses):
            message = f"other statuses than before say what became of {name}"
            way = ("resume", "statuses")
            self._note("resume-statuses", "breaking", message, old, new, *way)

    def _compare_folds(self, old: Stream, new: Stream, name: str) -> None:
        if old.fold is None and new.fold is not None:
            message = f"{name} adds up to an object now"
            self._note("fold-added", "safe", message, old, new, "fold")
        elif old.fold is not None and new.fold is None:
            message = f"{name} no longer adds up to an object"
            self._note("fold-removed", "breaking", message, old, new, "fold")
        elif old.fold is not None and new.fold is not None:
            if _adding(old.fold) != _adding(new.fold):
                message = f"the events of {name} add up otherwise"
                self._note("fold-changed", "risky", message, old, new, "fold")
            was, now = self._places(old, new, "fold", "into")
            where = Spot(f"what {name} adds up to", was, now)
            self.types.compare(old.fold.into, new.fold.into, "received", where)

    def _compare_readers(self, old: Stream, new: Stream, name: str) -> None:
        """Compare the methods that an SDK's stream has: texts, calls, inner streams."""
        readers: tuple[tuple[str, Callable[[Stream], set[str]]], ...] = (
            ("deltas", lambda stream: {each.name for each in stream.extractors}),
            ("calls", lambda stream: {each.name for each in stream.assemblies}),
            ("nested", lambda stream: {each.stream for each in stream.nested}),
        )
        for key, names in readers:
            for gone in names(old) - names(new):
                message = f"{name} no longer has {key} {quoted(gone)}"
                self._note("reader-removed", "breaking", message, old, new, key)
            for added in names(new) - names(old):
                message = f"{name} has {key} {quoted(added)} now"
                self._note("reader-added", "safe", message, old, new, key)


def _ending(case: EventCase) -> str:
    said = {"complete": "ends the stream well", "failed": "ends it as failed"}
    return said[case.ending] if case.ending else "does not end it"


def _error(stream: Stream) -> str:
    error = stream.error
    if error is None:
        return "no event"
    event = "any event" if error.event is None else quoted(error.event)
    return f"{event} at {quoted(error.field)}"


def _way(resume: Resume) -> str:
    names = [name for name in (resume.cursor_query, resume.cursor_header) if name]
    taken = [f"{name} from {source}" for name, source in sorted(resume.parameters)]
    cursor = f"cursor {' and '.join(names) or 'nowhere'}"
    return ", ".join([resume.operation, cursor, *taken])


def _adding(fold: Fold) -> tuple[list[str], Accumulation | None]:
    """Give all that says how events add up: rules, or one way for all of them."""
    return _rules(fold), fold.accumulation


def _rules(fold: Fold) -> list[str]:
    """Write a fold's rules without the types that they lead through."""
    lines: list[str] = []
    for rule in fold.rules:
        guard = rule.guard
        told = f"{_path(guard.path)}.{guard.name}={guard.value}" if guard else ""
        for action in rule.actions:
            ends = f"{_path(action.target)} from {_path(action.source)}"
            lines.append(f"{rule.event} {told} {type(action).__name__} {ends}")
    return lines


def _path(path: Path) -> str:
    steps: list[str] = []
    for step in path:
        if isinstance(step, FieldStep):
            steps.append(step.name)
        elif isinstance(step, IndexStep):
            steps.append(f"[{_path(step.by)}]")
    return ".".join(steps)
