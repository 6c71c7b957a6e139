"""The diagrams show what the declarations say, and nothing lies over anything else."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from headgate.contract.declaration import Declaration
from headgate.contract.diagram import draw, main
from headgate.contract.layout import lay_out
from headgate.contract.reading import read_declaration
from tests.contract_streams.recordings import ROOT, SPECIFICATION, SPECIFIED

CHAT: Any = yaml.safe_load(
    (Path(__file__).parent / "public" / "openai-chat.yaml").read_text("utf-8")
)
DECLARATIONS = {
    "message": SPECIFIED["message"].declaration,
    "run": SPECIFIED["run"].declaration,
    "workspace": SPECIFIED["workspace"].declaration,
    "audit": SPECIFIED["audit"].declaration,
    "chat": read_declaration("chat <&>", CHAT)[0],
}
every = pytest.mark.parametrize(
    "declaration", DECLARATIONS.values(), ids=DECLARATIONS.keys()
)


def words(declaration: Declaration) -> set[str]:
    return {text.strip() for text in ET.fromstring(draw(declaration)).itertext()}


@every
def test_every_state_event_and_rule_is_shown(declaration: Declaration) -> None:
    """Nothing of the order is left out of the picture."""
    conditions = {
        condition.rule
        for events in declaration.states.values()
        for transition in events.values()
        for condition in transition.effect.require
    }
    events = {
        event
        for state in declaration.states.values()
        for event, transition in state.items()
        if transition.ended is None
    }

    assert words(declaration) >= {
        *declaration.states,
        *declaration.ends,
        *declaration.from_any,
        *events,
        *conditions,
    }


@every
def test_nothing_overlaps_and_all_is_on_the_page(declaration: Declaration) -> None:
    """Boxes lie apart, lanes run apart, labels end before the edge."""
    layout = lay_out(declaration)

    for one, other in itertools.combinations(layout.boxes, 2):
        apart = (
            one.x + one.width <= other.x
            or other.x + other.width <= one.x
            or one.y + one.height <= other.y
            or other.y + other.height <= one.y
        )
        assert apart, (one.name, other.name)
    for lane in layout.lanes:
        side = -lane.label.width - 10 if lane.left else lane.label.width + 10
        assert 0 <= lane.x + side <= layout.width, lane.label
    right = sorted((lane.x, lane.label.width) for lane in layout.lanes if not lane.left)
    for (at, width), (after, _) in itertools.pairwise(right):
        assert at + 10 + width <= after


def test_the_committed_diagrams_are_those_of_the_specification() -> None:
    """`--check` finds nothing to do."""
    out = ROOT / "docs" / "streams"

    assert main([str(SPECIFICATION), "--out", str(out), "--check"]) == 0


def test_the_command_writes_and_checks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stale files are named, written ones are fresh."""
    arguments = [str(SPECIFICATION), "--out", str(tmp_path / "out")]

    assert main([*arguments, "--check"]) == 1
    assert "run.svg is not what the declaration says" in capsys.readouterr().err
    assert main(arguments) == 0
    assert main([*arguments, "--check"]) == 0
