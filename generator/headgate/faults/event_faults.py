"""Scenarios in which the events themselves are wrong: repeated, missing, foreign."""

from __future__ import annotations

from headgate.faults.draws import Call, Case, Draw, sent
from headgate.faults.expectation import Outcome
from headgate.faults.recordings import edited, foreign
from headgate.faults.script import Answer, Events

_CONTROL: tuple[bytes, ...] = (
    b": keep-alive\n\n",
    b'event: ping\ndata: {"type":"ping"}\n\n',
    b'id: 100000\nevent: ping\ndata: {"type":"ping"}\n\n',
    b"id: 200000\n\n",
    b"retry: 1\n\n",
    b"event: ping\nid: 3\n\n",
    b"\n\n",
)
"""What is no event, some of it with ids far beyond the events."""

_LINE_LIMIT = 1 << 20


def _run(draw: Draw) -> Call:
    return draw.call(resumable=True, long=False)


def duplicates(draw: Draw) -> Case:
    """Some events come twice or more on one connection."""
    call = draw.call(resumable=True)
    instead = {
        number: (number,) * draw.between(2, 4)
        for number in {
            call.number(draw.between(1, call.left - 1))
            for _ in range(draw.between(1, 5))
        }
    }
    answer = Answer(events=Events(instead=instead))
    return draw.case(call, [answer], call.whole())


def replay_from_the_beginning(draw: Draw) -> Case:
    """Taken up again, the server ignores the cursor and begins anew."""
    call = draw.call(resumable=True)
    events, extra = draw.point_inside(call)
    cut = Answer(events=sent(events, extra))
    replays = [
        Answer(events=Events(start=draw.between(1, call.number(events))))
        if draw.happens(0.3)
        else Answer(events=Events(start=1))
    ]
    if draw.happens(0.3):
        further = Events(
            start=1, count=call.number(draw.between(events, call.left - 1))
        )
        replays.insert(0, Answer(events=further))
    return draw.case(call, [cut, *replays], call.whole())


def gap(draw: Draw) -> Case:
    """An event is missing, on the first connection or after a cut."""
    call = _run(draw)
    cut, seen = _maybe_cut(draw, call)
    missing = draw.between(seen + 1, call.left - 1)
    answer = Answer(events=Events(instead={call.number(missing): ()}))
    failed = Outcome.exactly("StreamGapError", missing - 1)
    return draw.case(call, [*cut, answer], failed, requests=len(cut) + 1)


def swapped(draw: Draw) -> Case:
    """Two events come the wrong way round."""
    call = _run(draw)
    first = draw.between(1, call.left - 1)
    one, other = call.number(first), call.number(first + 1)
    answer = Answer(events=Events(instead={one: (other,), other: (one,)}))
    failed = Outcome.exactly("StreamGapError", first - 1)
    return draw.case(call, [answer], failed, requests=1)


def another_run(draw: Draw) -> Case:
    """The server sends another run's events, from somewhere on or after a cut."""
    call = _run(draw)
    cut, seen = _maybe_cut(draw, call)
    known = bool(cut) or call.operation == "runs.events"
    first = draw.between(seen + 1 if known else seen + 2, call.left)
    numbers = range(call.number(first), call.recording.size + 1)
    strange = {number: (foreign(call.recording, number),) for number in numbers}
    answer = Answer(events=Events(instead=strange))
    failed = Outcome.exactly("StreamForeignError", first - 1)
    return draw.case(call, [*cut, answer], failed, requests=len(cut) + 1)


def _maybe_cut(draw: Draw, call: Call) -> tuple[list[Answer], int]:
    if draw.happens(0.5) or call.left < 3:
        return [], 0
    events = draw.between(1, call.left - 2)
    return [Answer(events=sent(events))], events


def control_frames(draw: Draw) -> Case:
    """Heartbeats, comments and blocks of an id alone stand between events and a cut."""
    call = draw.call(long=False)
    # Where nothing is numbered, any id that the server sends is the last event's.
    control = _CONTROL if call.resumable else [c for c in _CONTROL if b"id:" not in c]
    events = draw.between(1, call.left - 1)
    instead: dict[int, tuple[int | bytes, ...]] = {
        call.number(place): (
            call.number(place),
            *(draw.pick(control) for _ in range(draw.between(1, 3))),
        )
        for place in {draw.between(1, events) for _ in range(3)} | {events}
    }
    if not call.resumable:
        answer = Answer(events=Events(instead=instead))
        return draw.case(call, [answer], call.whole())
    cut = Answer(events=Events(count=events, instead=instead))
    again = Answer(events=Events(count=0, instead={}))
    return draw.case(call, [cut, again], call.whole())


def unknown_event(draw: Draw) -> Case:
    """An event of a kind that this version does not know is delivered as unknown."""
    call = draw.call(long=False)
    place = draw.between(2, call.left - 1) if call.left > 2 else 1
    number = call.number(place)
    event = call.recording.events[number - 1]
    raw = event.raw.replace(event.name.encode(), b"brand_new_kind")
    whole = edited(call.recording, number, raw)
    cut = [Answer(events=sent(place))] if call.resumable and draw.happens(0.5) else []
    return draw.case(call, cut, call.whole(), whole=whole)


def broken_event(draw: Draw) -> Case:
    """An event's data is no JSON, no object, or ends too early."""
    call = draw.call(long=False)
    place = draw.between(1, call.left - 1)
    number = call.number(place)
    name = call.recording.events[number - 1].name
    data = draw.pick(("{oops", '{"type":', "[1]", "no json", "", "7", "null"))
    raw = f"event: {name}\nid: {number}\ndata: {data}\n\n".encode()
    answer = Answer(events=Events(instead={number: (raw,)}))
    failed = Outcome.exactly("ResponseDecodeError", place - 1)
    return draw.case(call, [answer], failed, requests=1)


def endless_line(draw: Draw) -> Case:
    """A line is longer than the decoder takes."""
    call = draw.call(long=False)
    place = draw.between(1, call.left - 1)
    number = call.number(place)
    raw = b"data: " + b"x" * (_LINE_LIMIT + draw.upto(1000)) + b"\n\n"
    answer = Answer(events=Events(instead={number: (raw,)}))
    failed = Outcome.exactly("StreamLimitError", place - 1)
    return draw.case(call, [answer], failed, requests=1)
