"""Lines are ended as editors end them, and by nothing else."""

from __future__ import annotations

import pytest

from headgate.lines import line_starts, lines_of


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a\nb", ["a", "b"]),
        ("a\n", ["a", ""]),
        ("a\r\nb\rc\n", ["a", "b", "c", ""]),
        ("a\u2028b\x0bc\x85d", ["a\u2028b\x0bc\x85d"]),
    ],
)
def test_lines_and_where_they_begin(text: str, lines: list[str]) -> None:
    """What is shown of a line begins where its start says."""
    assert lines_of(text) == lines
    starts = line_starts(text)
    assert len(starts) == len(lines)
    assert all(text.startswith(*each) for each in zip(lines, starts, strict=True))
