"""The command line: what it prints where, and how it leaves."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from pathlib import Path

from click.testing import CliRunner

from headgate.cli import main
from headgate.cli.progress import Progress
from headgate.diagnostics import explanations

WITH_A_WARNING = """\
openapi: 3.1.0
info: {title: Pets, version: "1"}
paths:
  /pets:
    get:
      operationId: listPets
      parameters: [{name: sort, in: query}]
      responses: {"204": {description: Nothing}}
"""
HEAVY = {"yaml", "jinja2", "jsonschema_rs", "headgate.pipeline", "headgate.document"}


class Terminal(io.StringIO):
    """Text that thinks that a person reads it, and says when it was written to."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def isatty(self) -> bool:
        """Claim to be watched."""
        return True

    def write(self, text: str) -> int:
        """Keep the text."""
        count = super().write(text)
        self.written.set()
        return count


def document(folder: Path) -> Path:
    path = folder / "openapi.yaml"
    path.write_text(WITH_A_WARNING, "utf-8")
    return path


def test_explain_says_what_a_code_means() -> None:
    """The paragraph of a code follows the code."""
    result = CliRunner().invoke(main, ["explain", "missing-schema"])

    paragraph = explanations()["missing-schema"]
    assert (result.exit_code, result.stdout) == (0, f"missing-schema\n\n{paragraph}\n")


def test_explain_lists_every_code() -> None:
    """Without a code there is a line for each."""
    result = CliRunner().invoke(main, ["explain"])

    listed = [line.split(" ", 1)[0] for line in result.stdout.splitlines()]
    assert listed == list(explanations())


def test_explain_names_what_an_unknown_code_is_near_to() -> None:
    """A slip of the pen is a usage error that shows the way."""
    result = CliRunner().invoke(main, ["explain", "mising-schema"])

    assert result.exit_code == 2
    assert "no diagnostic has the code 'mising-schema'" in result.stderr
    assert "near it: missing-schema" in result.stderr


def test_generate_counts_its_warnings(tmp_path: Path) -> None:
    """What was left out is counted at the end, and does not stop the work."""
    out = tmp_path / "out"
    spec = str(document(tmp_path))
    result = CliRunner().invoke(main, ["generate", "--spec", spec, "--out", str(out)])

    assert result.exit_code == 0
    assert result.stderr.splitlines()[-1] == "1 warning"
    assert (out / "rust" / "Cargo.toml").is_file()


def test_strict_generation_stops_at_a_warning(tmp_path: Path) -> None:
    """With --strict a warning is reason enough to write nothing."""
    out = tmp_path / "out"
    arguments = ["--spec", str(document(tmp_path)), "--out", str(out), "--strict"]
    result = CliRunner().invoke(main, ["generate", *arguments])

    assert (result.exit_code, out.exists()) == (1, False)
    assert "warning[missing-schema]" in result.stderr


def test_progress_shows_the_stage_and_clears_it() -> None:
    """A person who waits sees the stage; afterwards the line is empty."""
    terminal = Terminal()
    with Progress(terminal, patience=0.0) as progress:
        assert terminal.written.wait(10)
        progress.stage("reading")

    assert terminal.getvalue().endswith("reading …\r\x1b[2K")


def test_progress_is_for_terminals_only() -> None:
    """A log file gets no line that a person was meant to watch."""
    log = io.StringIO()
    with Progress(log, patience=0.0) as progress:
        progress.stage("reading")

    assert log.getvalue() == ""


def test_help_loads_nothing_heavy() -> None:
    """`--help` imports no parser, no template engine and no layer below it."""
    program = (
        "import sys; from headgate.cli import main; print('\\n'.join(sys.modules))"
    )
    run = [sys.executable, "-c", program]
    loaded = subprocess.run(run, check=True, capture_output=True, text=True).stdout

    assert HEAVY & set(loaded.splitlines()) == set()
