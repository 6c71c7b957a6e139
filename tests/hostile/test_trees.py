"""Hostile text changes no code: only what strings and comments say."""

from __future__ import annotations

import re
from pathlib import Path

from tests.hostile.generating import Files, Pair
from tests.hostile.payloads import PAYLOADS
from tests.hostile.positions import MAY_BE_REFUSED, POSITIONS
from tests.hostile.trees.reading import difference, read_all

TAINTED = re.compile(r"tainted\d\d", re.IGNORECASE)


def test_there_are_enough_positions_and_payloads() -> None:
    """At least 58 positions are tried with at least 40 payloads."""
    assert len(POSITIONS) >= 58
    assert len(PAYLOADS) >= 40


def test_only_what_has_a_form_is_refused(pairs: list[Pair]) -> None:
    """Free text is never refused: only names, versions, addresses and paths are."""
    refused = set().union(*(pair.refused for pair in pairs))

    assert refused <= MAY_BE_REFUSED


def test_file_lists_are_equal(pairs: list[Pair]) -> None:
    """Hostile text makes no other files than benign text."""
    assert [sorted(p.hostile) for p in pairs] == [sorted(p.benign) for p in pairs]


def test_trees_are_equal(pairs: list[Pair], tmp_path: Path) -> None:
    """The parser of each language sees one tree in the hostile and benign package.

    What differs are strings and comments. No identifier holds a word of a text that
    is not a name.
    """
    wanted: list[tuple[Path, Path, str]] = []
    for number, pair in enumerate(pairs):
        for path in sorted(_changed(pair)):
            places = [tmp_path / side / str(number) / path for side in ("h", "b")]
            for place, files in zip(places, (pair.hostile, pair.benign), strict=True):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(files[path])
            wanted.append((places[0], places[1], f"{number}: {path}"))
    readings = read_all([place for wild, tame, _ in wanted for place in (wild, tame)])

    assert {
        name: found
        for wild, tame, name in wanted
        if (found := difference(readings[wild], readings[tame]))
    } == {}
    assert [
        node
        for wild, _, _ in wanted
        for node in readings[wild].tree
        if TAINTED.search(node)
    ] == []


def _changed(pair: Pair) -> set[str]:
    return {
        path
        for path in _sources(pair.hostile) & _sources(pair.benign)
        if pair.hostile[path] != pair.benign[path]
    }


def _sources(files: Files) -> set[str]:
    return {path for path in files if path.endswith((".py", ".ts", ".rs"))}
