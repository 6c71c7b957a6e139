"""What the guide shows is true."""

from __future__ import annotations

import re
from typing import Any

import yaml

from headgate.contract.declaration import GENERAL_RULES, INVARIANTS
from headgate.contract.payloads import Payloads
from headgate.contract.reading import read_declaration
from headgate.contract.stream import Stream
from tests.contract_streams.recordings import ROOT, rules

GUIDE = (ROOT / "docs" / "streams.md").read_text("utf-8")
YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
BLOCKS: list[Any] = [yaml.safe_load(block) for block in YAML.findall(GUIDE)]
WHOLE = [block for block in BLOCKS if "states" in block and "ends" in block]


def test_the_declarations_of_the_guide_are_sound() -> None:
    """Whole declarations have no problems."""
    problems = [read_declaration("guide", block)[1] for block in WHOLE]

    assert problems == [(), ()]


def test_the_guide_names_every_rule_and_invariant() -> None:
    """No general rule and no invariant is left out, none is made up."""
    named = set(re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE))

    assert named >= GENERAL_RULES.keys() | INVARIANTS
    assert {name for name in named if re.fullmatch(r"[FS]\d+", name)} == set(
        GENERAL_RULES
    )


def test_the_first_example_does_what_the_text_says() -> None:
    """Started, 40 percent, finished breaks J2; progress first is out of order."""
    declaration = read_declaration("job", {**WHOLE[0], "event": {}})[0]
    stream = Stream(declaration, Payloads({}, declaration), {})
    started: dict[str, Any] = {"type": "started"}
    finished: dict[str, Any] = {"type": "finished"}
    some: dict[str, Any] = {"type": "progress", "done": 40}
    all_of_it: dict[str, Any] = {"type": "progress", "done": 100}

    actual = [
        rules(stream, events)
        for events in (
            [started, some, all_of_it, finished],
            [started, some, finished],
            [started, all_of_it, some, finished],
            [some, started],
            [started, some],
        )
    ]

    assert actual == [set(), {"J2"}, {"J1", "J2"}, {"S5", "S6"}, {"S6"}]
