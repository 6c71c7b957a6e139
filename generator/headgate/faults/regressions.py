"""Eight bugs that others shipped in 2026, each as a scenario of its own."""

from __future__ import annotations

from headgate.faults.answer_faults import refusal
from headgate.faults.draws import Call, Case, Draw, sent
from headgate.faults.expectation import Outcome
from headgate.faults.recordings import foreign, recording
from headgate.faults.script import Answer, End, Events

_RESET = Answer(events=sent(0), end="reset")


def _run(draw: Draw) -> tuple[Call, int]:
    """A run, and after how many events it is cut."""
    call = Call("runs.stream", recording("run", draw.pick(("text", "tools", "utf8"))))
    return call, draw.between(2, call.left - 6)


def _cut(draw: Draw, events: int) -> Answer:
    end: End = draw.pick(("clean", "fin"))
    return Answer(events=sent(events, draw.upto(20)), end=end)


def cursor_lost_on_the_second_drop(draw: Draw) -> Case:
    """A second drop resumes from the newest cursor (MCP TypeScript SDK 2499)."""
    call, events = _run(draw)
    more = draw.between(1, 3)
    drops = [_cut(draw, events), _RESET, _cut(draw, more), _RESET]
    return draw.case(call, drops, call.whole(), requests=5)


def ids_of_control_frames_overshoot(draw: Draw) -> Case:
    """Ids of what is no event move no cursor (NVIDIA aiq 272)."""
    call, events = _run(draw)
    control = b'id: 1000\nevent: ping\ndata: {"type":"ping"}\n\nid: 2000\n\n'
    frames = Events(count=events, instead={events: (events, control)})
    return draw.case(call, [Answer(events=frames)], call.whole(), requests=2)


def replay_crosses_runs(draw: Draw) -> Case:
    """What a server replays of another run is not delivered (frontmcp GHSA-84j6)."""
    call, events = _run(draw)
    numbers = range(1, call.recording.size + 1)
    strange = {number: (foreign(call.recording, number),) for number in numbers}
    replay = Answer(events=Events(start=draw.pick((None, 1)), instead=strange))
    failed = Outcome.exactly("StreamForeignError", events)
    return draw.case(call, [_cut(draw, events), replay], failed, requests=2)


def backpressure_read_as_a_disconnect(draw: Draw) -> Case:
    """A reader slower than the idle timeout loses nothing (mcp-mesh 1567)."""
    call, events = _run(draw)
    return draw.case(
        call,
        [Answer(pieces=draw.pick(("events", "whole")))],
        call.whole(),
        requests=1,
        timeouts={"idle": 0.4},
        pause=(events, 1.0),
    )


def truncation_taken_for_completion(draw: Draw) -> Case:
    """The clean end of a body is no end of a stream (openai-python, anthropic)."""
    call = Call("messages.stream", recording("message", draw.pick(("text", "tools"))))
    events = draw.between(1, call.left - 1)
    cut = Answer(events=sent(events), framing=draw.pick(("chunked", "length", "close")))
    gone = Outcome.exactly("StreamTruncatedError", events)
    return draw.case(call, [cut], gone, requests=1)


def resume_endpoint_down_ends_silently(draw: Draw) -> Case:
    """A stream that cannot be taken up again raises (Fern)."""
    call, events = _run(draw)
    downs = [refusal(draw.pick((502, 503)))] * 9
    gone = Outcome.exactly("StreamTruncatedError", events)
    return draw.case(call, [Answer(events=sent(events)), *downs], gone, requests=6)


def duplicates_after_a_full_replay(draw: Draw) -> Case:
    """A server that begins anew repeats nothing to the caller (Fern, hey-api)."""
    call, events = _run(draw)
    replay = Answer(events=Events(start=1))
    return draw.case(call, [_cut(draw, events), replay], call.whole(), requests=2)


def generation_sent_again(draw: Draw) -> Case:
    """A cut stream that cannot be resumed is not asked for again (hey-api)."""
    call = Call("messages.stream", recording("message", draw.pick(("text", "tools"))))
    events = draw.between(1, call.left - 1)
    cut = Answer(events=sent(events), end=draw.pick(("reset", "fin", "short")))
    gone = Outcome("StreamTruncatedError", 0, events)
    return draw.case(call, [cut], gone, requests=1)


REGRESSIONS = (
    cursor_lost_on_the_second_drop,
    ids_of_control_frames_overshoot,
    replay_crosses_runs,
    backpressure_read_as_a_disconnect,
    truncation_taken_for_completion,
    resume_endpoint_down_ends_silently,
    duplicates_after_a_full_replay,
    generation_sent_again,
)
