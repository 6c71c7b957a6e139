"""Descriptions in HTML become Markdown; all others stay as they were written."""

from __future__ import annotations

import pytest

from headgate.ir.build.html import from_html


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<p>One.</p><p>Two &amp; three.</p>", "One.\n\nTwo & three."),
        ('See <a href="https://x.example">the guide</a>.', "See the guide."),
        ("Use <code>a_b</code>, <strong>now</strong>.", "Use `a_b`, **now**."),
        ("Either:<ul><li>a</li><li>b</li></ul>", "Either:\n\n- a\n- b"),
        ("one<br/>two</br>", "one\ntwo</br>"),
        ("A list of `<p>a</p>` tags.", "A list of `<p>a</p>` tags."),
        ("if a < b and c </ d", "if a < b and c </ d"),
        ("Returns Promise<string></string>.", "Returns Promise<string></string>."),
    ],
)
def test_prose_in_html_is_read_as_markdown(written: str, read: str) -> None:
    """Tags of prose are understood; code, comparisons and unknown tags are text."""
    assert from_html(written) == read
