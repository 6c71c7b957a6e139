"""The programs of the README run as printed there, and outlive a cut connection."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.corpus import ROOT
from tests.examples.programs import EXAMPLES, Workshop
from tests.gateway_process import Gateway, running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = {
    "python": EXAMPLES / "python" / "stream_a_run.py",
    "typescript": EXAMPLES / "typescript" / "stream-a-run.mjs",
    "rust": EXAMPLES / "rust" / "src" / "stream_a_run.rs",
}
TURNS = [
    {
        "text": "Let me look at two sources.",
        "chunk": 6,
        "tools": [
            {"name": "web_search", "input": {"query": "resume"}},
            {"name": "web_fetch", "input": {"url": "https://docs.example.org/sse"}},
        ],
    },
    {"text": "By the id of the last event that was seen.", "chunk": 9},
]
WHOLE = json.dumps({"turns": TURNS})
CUT_TWICE = json.dumps({"turns": TURNS, "cut_after": [4, 9]})


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Start the gateway that the programs talk to."""
    with running_gateway(tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Where the programs are run."""
    return Workshop(tmp_path_factory.mktemp("workshop"))


def played(source: str, script: str) -> str:
    """Let a program ask for another script than its own."""
    assert source.count('"research"') == 1
    return source.replace('"research"', script)


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_program_streams_to_the_end(
    language: str, workshop: Workshop, gateway: Gateway
) -> None:
    """A scripted run with thinking and two parallel tools is read to its end."""
    source = PROGRAMS[language].read_text()
    program = workshop.built(language, "stream-a-run", source)
    lines = workshop.run(program, gateway)

    assert lines[0] == "run_start"
    assert lines[-2:] == ["run_complete", "end_turn"]
    assert [lines.count("tool_call_start"), lines.count("tool_result")] == [2, 2]


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_program_outlives_two_cuts(
    language: str, workshop: Workshop, gateway: Gateway
) -> None:
    """A connection that is cut twice costs no event and repeats none."""
    source = PROGRAMS[language].read_text()
    whole, cut = (
        without_pings(workshop.run(program, gateway))
        for program in (
            workshop.built(language, f"stream-a-run-{name}", played(source, script))
            for name, script in (("whole", WHOLE), ("cut", CUT_TWICE))
        )
    )

    assert cut == whole


def without_pings(lines: list[str]) -> list[str]:
    """Leave out what depends on the clock, and the order of parallel tools."""
    return sorted(line for line in lines if line != "ping")


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_readme_prints_the_programs_that_run(language: str) -> None:
    """The README shows each program as it stands in its file, the header aside."""
    text = PROGRAMS[language].read_text()
    body = text.split("\n\n", 1)[1].strip()

    assert body in (ROOT / "README.md").read_text()
