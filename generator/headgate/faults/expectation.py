"""What a client that loses nothing and repeats nothing delivers, and how it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from headgate.faults.recordings import Recording

Wrong = Literal["lost", "duplicated", "hung", "leaked", "ending", "content", "requests"]

HUNG = "hung"
"""The ending that a driver reports when its watchdog had to stop a case."""

_PLACED = {
    "StreamTruncatedError",
    "StreamGapError",
    "StreamForeignError",
    "StreamLimitError",
    "ResponseDecodeError",
    "OverloadedError",
    "NotFoundError",
}
"""Errors that say after which event they happened."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A right way for a call to end, after `least` to `most` events.

    `ending` is `complete` or the error's class; `phase` the timeout that ran out.
    """

    ending: str
    least: int
    most: int
    phase: str | None = None

    @classmethod
    def exactly(cls, ending: str, events: int, phase: str | None = None) -> Outcome:
        """The outcome with that many events."""
        return cls(ending, events, events, phase)

    def __str__(self) -> str:
        """The outcome in a few words."""
        phase = f" ({self.phase})" if self.phase else ""
        events = self.most if self.least == self.most else f"{self.least}-{self.most}"
        return f"{self.ending}{phase} after {events} events"


@dataclass(frozen=True, slots=True)
class Expectation:
    """The right outcomes of a case; most cases have one.

    Where a connection breaks off, a client may not get all that was sent before: then
    there is one outcome for what can be resumed and one for what cannot. `cursor` is
    where the caller begins. `posts` is how often a POST may be sent, `requests`
    how many there must be in all (None: as many as it takes).
    """

    recording: Recording
    outcomes: tuple[Outcome, ...]
    cursor: int = 0
    posts: int = 1
    requests: int | None = None

    def judge(self, seen: Mapping[str, Any]) -> dict[Wrong, str]:
        """Name what is wrong with what a driver saw, and say it."""
        found: dict[Wrong, str] = {}
        if seen["ending"] == HUNG:
            return {"hung": "the call did not end"}
        numbers = list(_numbers(seen["ranges"]))
        repeated = len(numbers) - len(set(numbers))
        if repeated:
            found["duplicated"] = f"{repeated} events"
        top = max(numbers, default=self.cursor)
        missing = set(range(self.cursor + 1, top + 1)) - set(numbers)
        if missing:
            found["lost"] = f"{sorted(missing)[:5]}"
        found |= self._judge_ending(seen, len(set(numbers)))
        digest = self.recording.digest(self.cursor + 1, len(numbers))
        if not found and seen["digest"] != digest:
            found["content"] = f"digest {seen['digest']} instead of {digest}"
        return found

    def _judge_ending(self, seen: Mapping[str, Any], count: int) -> dict[Wrong, str]:
        ending, phase = seen["ending"], seen.get("phase")
        alike = [o for o in self.outcomes if o.ending == ending]
        if not any(o.phase in (None, phase) for o in alike):
            right = " or ".join(map(str, self.outcomes))
            told = f"{ending} {phase or ''} {seen.get('message', '')}"
            return {"ending": f"{told} after {count} events instead of {right}"}
        if all(count < o.least for o in alike):
            return {"lost": f"{count} events, then {ending}"}
        if all(count > o.most for o in alike):
            return {"duplicated": f"{count} events, then {ending}"}
        return self._judge_place(seen, count)

    def _judge_place(self, seen: Mapping[str, Any], count: int) -> dict[Wrong, str]:
        """Compare where the error says that the stream stood."""
        if seen.get("events_seen") not in (None, count):
            return {"ending": f"events_seen {seen['events_seen']} instead of {count}"}
        if seen["ending"] not in _PLACED or "last_event_id" not in seen:
            return {}
        right = {self._last_id(seen["ending"], count)}
        if right & {None, "0"}:
            right = {None, "", "0"}
        if seen["last_event_id"] not in right:
            return {
                "ending": f"last event id {seen['last_event_id']} instead of {right}"
            }
        return {}

    def _last_id(self, ending: str, count: int) -> str | None:
        if self.recording.kind != "run":
            return None
        last = self.cursor + count
        if ending == self.recording.ending and last == self.recording.delivered:
            last += 1  # the error event's own number
        return str(last)


def _numbers(ranges: Iterable[Iterable[int]]) -> Iterable[int]:
    for first, last in ranges:
        yield from range(first, last + 1)
