"""All scenarios with their shares, and the case that a seed and a number stand for."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from headgate.faults import answer_faults, event_faults, wire_faults
from headgate.faults.draws import Case, Draw, Operation
from headgate.faults.recordings import Recording
from headgate.faults.regressions import REGRESSIONS

Scenario = Callable[[Draw], Case]

SHARES: Mapping[Scenario, float] = {
    wire_faults.healthy: 5,
    wire_faults.byte_by_byte: 0.5,
    wire_faults.cut_cleanly: 12,
    wire_faults.cut_by_fin: 8,
    wire_faults.cut_by_reset: 12,
    wire_faults.cut_inside_a_chunk: 6,
    wire_faults.garbage_for_a_chunk: 3,
    wire_faults.length_too_small: 3,
    wire_faults.gzip_cut: 3,
    wire_faults.gzip_corrupt_before_it_is_read: 0.5,
    wire_faults.head_cut: 2,
    wire_faults.head_cut_always: 0.5,
    wire_faults.stall_inside: 3,
    wire_faults.stall_before_the_head: 1,
    wire_faults.stall_after_the_head: 0.7,
    wire_faults.drip_for_ever: 0.5,
    wire_faults.nothing_after_the_end: 2,
    wire_faults.caller_leaves: 3,
    answer_faults.refused_for_a_while: 5,
    answer_faults.refused_three_times: 1,
    answer_faults.asked_to_wait_too_long: 1,
    answer_faults.refused: 2,
    answer_faults.no_stream: 2,
    answer_faults.redirected: 0.7,
    answer_faults.nothing_to_come: 0.5,
    answer_faults.resume_refused_for_a_while: 3,
    answer_faults.resume_endpoint_down: 2,
    answer_faults.resume_refused: 2,
    answer_faults.resume_gives_no_stream: 1,
    answer_faults.resume_finds_nothing: 1,
    answer_faults.two_drops: 4,
    answer_faults.many_drops: 3,
    event_faults.duplicates: 3,
    event_faults.replay_from_the_beginning: 3,
    event_faults.gap: 3,
    event_faults.swapped: 1,
    event_faults.another_run: 3,
    event_faults.control_frames: 3,
    event_faults.unknown_event: 1.5,
    event_faults.broken_event: 2,
    event_faults.endless_line: 0.2,
}
"""How often each scenario is drawn, relative to the others."""

BY_NAME: Mapping[str, Scenario] = {
    scenario.__name__.replace("_", "-"): scenario
    for scenario in (*SHARES, *REGRESSIONS)
}
"""Every scenario, those that are only served by name included."""


class Cases:
    """The cases of a seed, by key.

    `17` is the case of that number: drawn from all scenarios by their shares, or from
    those `named` in turn. `gap` and `gap/17` are cases of one scenario. `served` takes
    the place of our own recordings.
    """

    def __init__(
        self,
        seed: int = 1,
        *,
        named: Sequence[str] = (),
        served: Recording | None = None,
    ) -> None:
        self.seed = seed
        self._named = named
        self._served = served
        self._find = lru_cache(maxsize=4096)(self._made)

    def find(self, key: str, operation: Operation | None = None) -> Case:
        """The case with that key; KeyError if there can be none.

        A case of a named scenario is one of the operation that was asked for.
        """
        return self._find(key, None if key.isdecimal() else operation)

    def _made(self, key: str, operation: Operation | None) -> Case:
        name, _, text = key.rpartition("/")
        if not text.isdecimal():
            name, text = key, "0"
        number = int(text)
        name = name or self._drawn(number)
        if name not in BY_NAME:
            raise KeyError(key)
        draw = Draw(self.seed, number, name, operation=operation, served=self._served)
        return BY_NAME[name](draw)

    def _drawn(self, number: int) -> str:
        if self._named:
            return self._named[number % len(self._named)]
        dice = random.Random(f"{self.seed}/{number}")  # noqa: S311  # no secret
        scenario = dice.choices(tuple(SHARES), tuple(SHARES.values()))[0]
        return scenario.__name__.replace("_", "-")
