"""What the commands print of a hostile document acts on no terminal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from headgate.cli import main
from tests.hostile import document
from tests.hostile.planting import Garden

ACTING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize(
    "command",
    [
        ("check", "--spec", "new.json"),
        ("check", "--spec", "new.json", "--format", "github"),
        ("generate", "--spec", "new.json"),
        ("diff", "old.json", "new.json"),
        ("diff", "old.json", "new.json", "--format", "markdown"),
        ("diff", "old.json", "new.json", "--format", "github"),
        ("init", "new.json"),
        ("explain", "\x1b[31mno-such-code\x07"),
    ],
    ids=" ".join,
)
def test_commands_print_no_control(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Control characters and turns of direction are shown, not printed."""
    monkeypatch.chdir(tmp_path)
    for name, hostile in (("old.json", False), ("new.json", True)):
        planted = document.repeated(Garden(hostile=hostile))
        Path(name).write_text(json.dumps(planted), "utf-8")

    answer = CliRunner().invoke(main, command)

    assert answer.exception is None or isinstance(answer.exception, SystemExit)
    assert ACTING.findall(answer.output) == []
    assert answer.output
