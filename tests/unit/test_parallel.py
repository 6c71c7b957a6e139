"""Work by several processes gives what one process would give."""

from __future__ import annotations

import os

import pytest

from headgate.parallel import at_once

HERE = os.getpid()


def test_pieces_come_back_in_order() -> None:
    """Each piece is where it was, whoever has done it."""
    pieces = [lambda name=name: {name: name.encode() * 100_000} for name in "abc"]

    assert at_once(pieces) == [{name: name.encode() * 100_000} for name in "abc"]


def test_what_fails_elsewhere_is_done_here() -> None:
    """A copy that ends badly costs its time and nothing else."""

    def here_only() -> dict[str, bytes]:
        if os.getpid() != HERE:
            os._exit(3)
        return {"a": b"1"}

    assert at_once([here_only, lambda: {"b": b"2"}]) == [{"a": b"1"}, {"b": b"2"}]


def test_errors_are_raised_here() -> None:
    """What a piece raises comes as if it had been done in this process."""

    def failing() -> dict[str, bytes]:
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        at_once([failing, dict])
    with pytest.raises(LookupError, match="no such thing"):
        at_once([dict, failing])
