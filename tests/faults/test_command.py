"""`headgate faults` as its user meets it."""

from __future__ import annotations

from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner

from headgate.cli import main
from headgate.faults.cases import BY_NAME
from tests.faults.campaign import fault_server

STREAM = b"data: one\n\ndata: two\n\ndata: three\n\n"


def asked(url: str, headers: dict[str, str], data: bytes | None = None) -> bytes:
    with urlopen(Request(url, data, headers)) as answer:
        body: bytes = answer.read()
    return body


def test_the_list_names_every_scenario() -> None:
    """One line each, with what it does."""
    result = CliRunner().invoke(main, ["faults", "--list"])
    lines = result.output.splitlines()

    assert [line.split()[0] for line in lines] == list(BY_NAME)
    assert all(len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize("option", ["--scenario", "--case"])
def test_an_unknown_scenario_is_a_wrong_command_line(option: str) -> None:
    """Exit code 2 and where to look, before anything is served."""
    result = CliRunner().invoke(main, ["faults", option, "nonsense"])

    assert result.exit_code == 2
    assert "no scenario 'nonsense'; see --list" in result.output


def test_anybodys_stream_can_be_served(tmp_path: Path) -> None:
    """A file's bytes come on any path, as the case says."""
    recording = tmp_path / "mine.sse"
    recording.write_bytes(STREAM)
    with fault_server("--recording", str(recording)) as url:
        bodies = [
            asked(f"{url}/v1/anything", {"X-Fault-Case": f"cut-cleanly/{number}"})
            for number in range(8)
        ]

    assert all(STREAM.startswith(body) for body in bodies)
    assert len(set(bodies)) > 1


def test_a_default_case_needs_no_header() -> None:
    """What cannot send the header gets the case of `--case`."""
    with fault_server("--case", "byte-by-byte") as url:
        body = asked(f"{url}/v1/messages", {}, b"{}")

    assert body.startswith(b"event: message_start")
