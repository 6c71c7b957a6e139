"""Identifiers sort by age, whatever the clock does."""

from __future__ import annotations

import itertools
import time

import pytest

from headgate_gateway import ids
from headgate_gateway.clock import now_ms


def test_later_ids_sort_behind_earlier_ones():
    """Also within a millisecond, and where the count of ids begins anew."""
    made = [ids.new_id("run") for _ in range(1_200_000)]

    assert all(one < other for one, other in itertools.pairwise(made))
    assert all(ids.is_id(made[place], "run") for place in range(0, len(made), 1000))


def test_a_clock_that_runs_back_makes_no_earlier_ids(monkeypatch: pytest.MonkeyPatch):
    """The last time stays until it is over."""
    before = ids.ulid()
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - 10**12)
    after = [ids.ulid() for _ in range(1000)]

    assert [before, *after] == sorted({before, *after})


def test_ids_tell_when_they_were_made():
    """So that a time can stand for an id in lists and in the log."""
    early = ids.id_at("run", now_ms() - 2000)
    late = ids.id_at("run", now_ms() + 2000)

    assert early < ids.new_id("run") < late
