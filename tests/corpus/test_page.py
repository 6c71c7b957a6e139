"""The page of the corpus keeps what no record renews."""

from __future__ import annotations

from tests.corpus.page import said_before


def test_a_row_is_read_by_its_heads() -> None:
    """Columns may come and go between two pages."""
    text = "| document | rust | rust calls | peer |\n| --- | ---: | ---: | ---: |\n"
    told = said_before(f"{text}| one | 0 | 2 of 9, 1 unmade | refused |\n")["one"]

    assert {
        head: len(told[head].faults) for head in ("rust", "rust calls", "peer")
    } == {
        "rust": 0,
        "rust calls": 2,
        "peer": 1,
    }
