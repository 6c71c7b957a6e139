"""Scenarios in which the connection breaks, stalls, or lies about its body."""

from __future__ import annotations

from headgate.faults.draws import Call, Case, Draw, after_cut, sent
from headgate.faults.expectation import Outcome
from headgate.faults.script import HEALTHY, Answer, Coding, End, Events

_SOON = {"idle": 0.5}
_HASTY = {"first_byte": 2.0}


def healthy(draw: Draw) -> Case:
    """Nothing breaks; the bytes come in writes of any size."""
    call = draw.call()
    answer = Answer(
        pieces=draw.pick(("events", "whole", "some")),
        framing=draw.pick(("chunked", "length", "close")),
        coding=draw.pick(("plain", "plain", "gzip")),
        head=draw.pick(("whole", "slow", "hints")),
    )
    return draw.case(call, [answer], call.whole())


def byte_by_byte(draw: Draw) -> Case:
    """The bytes come one at a time."""
    call = draw.call(long=False, names=("text", "error", "crlf"))
    return draw.case(call, [Answer(pieces="bytes")], call.whole())


def cut_cleanly(draw: Draw) -> Case:
    """The body ends at any byte as a complete body would."""
    call = draw.call()
    events, extra = draw.point(call)
    answer = Answer(
        events=sent(events, extra),
        framing=draw.pick(("chunked", "length", "close")),
        pieces=draw.pick(("events", "whole", "some")),
    )
    return draw.case(call, [answer], *after_cut(call, events, abrupt=False))


def cut_by_fin(draw: Draw) -> Case:
    """The connection closes at any byte, the last chunk still to come."""
    return _abrupt(draw, "fin")


def cut_by_reset(draw: Draw) -> Case:
    """The connection is reset at any byte."""
    return _abrupt(draw, "reset")


def cut_inside_a_chunk(draw: Draw) -> Case:
    """A chunk, or Content-Length, promises more than comes before the end."""
    return _abrupt(draw, "short")


def garbage_for_a_chunk(draw: Draw) -> Case:
    """Where a chunk's length should stand is something else."""
    return _abrupt(draw, "garbage")


def _abrupt(draw: Draw, end: End) -> Case:
    call = draw.call()
    events, extra = draw.point(call)
    answer = Answer(
        events=sent(events, extra),
        framing="length" if end == "short" and draw.happens(0.5) else "chunked",
        pieces=draw.pick(("events", "whole", "some")),
        end=end,
    )
    return draw.case(call, [answer], *after_cut(call, events, abrupt=True))


def length_too_small(draw: Draw) -> Case:
    """More comes than Content-Length promised, and is no part of the body."""
    call = draw.call(long=False)
    events, extra = draw.point(call)
    answer = Answer(events=sent(events, extra), framing="length", end="overrun")
    return draw.case(call, [answer], *after_cut(call, events, abrupt=False))


def gzip_cut(draw: Draw) -> Case:
    """The compressed body loses its end, or bytes in its middle are wrong."""
    call = draw.call(long=False)
    events, extra = draw.point_inside(call)
    coding: Coding = draw.pick(("cut", "cut", "corrupt"))
    answer = Answer(events=sent(events, extra), coding=coding)
    outcomes = after_cut(call, events, abrupt=True)
    if coding == "cut":
        return draw.case(call, [answer], *outcomes)
    # Some platforms' own decoders fall silent instead.
    outcomes += after_cut(call, events, abrupt=True, phase="idle")
    return draw.case(call, [answer], *outcomes, timeouts=_SOON)


def gzip_corrupt_before_it_is_read(draw: Draw) -> Case:
    """Wrong bytes follow good events in one write; the caller reads a little later.

    A decoder may have thrown away by then what it had made of the good ones.
    """
    recording = draw.call(resumable=True, long=False).recording
    call = Call("runs.events", recording)
    events, extra = draw.point_inside(call)
    answer = Answer(events=sent(events, extra), coding="corrupt", pieces="whole")
    late = (0, 0.05)
    return draw.case(
        call, [answer], call.whole(), requests=2, timeouts=_SOON, pause=late
    )


def head_cut(draw: Draw) -> Case:
    """The connection ends before the head of the answer is complete, once or twice."""
    call = draw.call()
    times = draw.between(1, 2)
    answers = [
        Answer(head=draw.pick(("none", "part")), end=draw.pick(("fin", "reset")))
        for _ in range(times)
    ]
    return draw.case(call, answers, call.whole(), posts=times + 1)


def head_cut_always(draw: Draw) -> Case:
    """The connection ends before the head of the answer is complete, each time."""
    call = draw.call()
    answers = [Answer(head="none", end=draw.pick(("fin", "reset")))] * 9
    failed = Outcome.exactly("APIConnectionError", 0)
    return draw.case(call, answers, failed, posts=3, requests=3)


def stall_inside(draw: Draw) -> Case:
    """After any byte nothing more comes."""
    call = draw.call(long=False)
    events, extra = draw.point(call)
    answer = Answer(events=sent(events, extra), end="stall")
    outcomes = after_cut(call, events, abrupt=False, phase="idle")
    return draw.case(call, [answer], *outcomes, timeouts=_SOON)


def stall_before_the_head(draw: Draw) -> Case:
    """The request is taken and nothing comes, at the beginning or on resuming."""
    call = draw.call(long=False)
    silent = Answer(head=draw.pick(("none", "part")), end="stall")
    if call.resumable and draw.happens(0.6):
        events, extra = draw.point_inside(call)
        cut = Answer(events=sent(events, extra))
        return draw.case(call, [cut, silent], call.whole(), timeouts=_HASTY)
    late = Outcome.exactly("APITimeoutError", 0, "first_byte")
    return draw.case(call, [silent], late, timeouts=_HASTY)


def stall_after_the_head(draw: Draw) -> Case:
    """The head comes and no byte of the body."""
    call = draw.call(long=False)
    answer = Answer(events=sent(0), end="stall")
    outcomes = after_cut(call, 0, abrupt=False, phase="idle")
    return draw.case(call, [answer], *outcomes, timeouts=_SOON)


def drip_for_ever(draw: Draw) -> Case:
    """Comments come for ever, so that only the total timeout ends the call."""
    call = draw.call(long=False)
    events = draw.upto(call.left - 1)
    answer = Answer(events=sent(events), end="drip")
    most = Outcome("APITimeoutError", 0, events, "total")
    return draw.case(call, [answer], most, requests=1, timeouts={"total": 2.0})


def nothing_after_the_end(draw: Draw) -> Case:
    """The terminal event comes, and then a reset, silence or rubbish."""
    call = draw.call(long=False)
    last = call.recording.size
    rubbish = draw.pick(
        (
            (last,),
            (last, b"data: {oops\n\n"),
            (last, b": still here\n\n"),
            (last, last),
            (last, b"event: run_st"),
        )
    )
    answer = Answer(
        events=Events(instead={last: rubbish}),
        end=draw.pick(("reset", "fin", "stall", "garbage", "clean")),
    )
    outcomes = after_cut(call, call.left, abrupt=answer.end not in ("stall", "clean"))
    return draw.case(call, [answer, HEALTHY], *outcomes, requests=None)


def caller_leaves(draw: Draw) -> Case:
    """The caller leaves in mid-stream, which frees the connection at once."""
    call = draw.call()
    events = draw.between(1, call.left - 1)
    ahead = draw.between(events, call.left - 1)
    end: End = draw.pick(("stall", "drip"))
    answer = Answer(
        events=sent(ahead, draw.upto(20) if end == "stall" else 0),
        pieces=draw.pick(("events", "whole", "some")),
        end=end,
    )
    left = Outcome.exactly("left", events)
    return draw.case(call, [answer], left, requests=1, leave_after=events)
