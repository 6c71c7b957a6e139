"""A bad document beside exactly what is said of it."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.diagnostics import explanations, render
from tests.diagnostics.cases import CASES, FILES, FOLDER, diagnose

ROOT = FOLDER.parents[1]
SOURCES = sorted((ROOT / "generator" / "headgate").rglob("*.py"))
CODE = re.compile("[a-z]+(?:-[a-z]+)+")
REPORTERS = {
    "BadReferenceError",
    "Diagnostic",
    "Fault",
    "TypeChange",
    "_note",
    "_note_other",
    "_problem",
    "_refuse",
    "_warning",
    "add",
    "error",
    "fault",
    "note",
    "remember",
    "report",
    "stop",
    "warning",
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_document_gets_its_diagnostics(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them, in the order of the text, each with its place and excerpt."""
    monkeypatch.chdir(CASES[case].parent)
    diagnostics, sources = diagnose(Path(CASES[case].name))

    expected = Path("expected.txt").read_text("utf-8")
    assert render(diagnostics, "text", sources) == expected


def test_ten_planted_faults_are_ten_diagnostics(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each fault is found once, on its line, in the file where it was planted."""
    monkeypatch.chdir(FOLDER / "ten-planted-faults")
    diagnostics, _ = diagnose(Path("spec.yaml"))

    found = [(str(it.location), it.code) for it in diagnostics]
    assert found == [
        ("schemas/pet.yaml:5:5", "duplicate-key"),
        ("spec.yaml:13:15", "bad-parameter-place"),
        ("spec.yaml:18:29", "unknown-parameter"),
        ("spec.yaml:26:20", "duplicate-operation-id"),
        ("spec.yaml:27:24", "unknown-stream"),
        ("spec.yaml:34:11", "unknown-field"),
        ("spec.yaml:37:5", "undefined-path-parameter"),
        ("spec.yaml:40:11", "unknown-security-scheme"),
        ("spec.yaml:57:22", "required-without-property"),
        ("spec.yaml:61:43", "dangling-reference"),
    ]


def test_a_faulty_document_writes_nothing(tmp_path: Path) -> None:
    """The generator says what is wrong, exits with 1, and leaves no file behind."""
    out = tmp_path / "generated"
    arguments = ["--spec", "spec.yaml", "--out", str(out), "--format", "json"]
    result = subprocess.run(
        [sys.executable, "-m", "headgate", "generate", *arguments],
        cwd=FOLDER / "ten-planted-faults",
        capture_output=True,
        text=True,
        check=False,
    )

    report = json.loads(result.stdout)
    assert (result.returncode, len(report["diagnostics"])) == (1, 10)
    assert not out.exists()


def test_formats_hold_the_same_diagnostics(monkeypatch: pytest.MonkeyPatch) -> None:
    """What people read, programs and GitHub get too, one entry a diagnostic."""
    monkeypatch.chdir(FOLDER / "security")
    diagnostics, sources = diagnose(Path("spec.yaml"))

    written = {style: render(diagnostics, style, sources) for style in FILES}
    expected = {style: Path(name).read_text("utf-8") for style, name in FILES.items()}
    assert written == expected


def test_color_only_adds_color(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its escape sequences, coloured text is the plain one."""
    monkeypatch.chdir(FOLDER / "shapes")
    diagnostics, sources = diagnose(Path("spec.yaml"))
    colored = render(diagnostics, "text", sources, color=True)

    assert "\x1b[1;31merror[wrong-type]\x1b[0m" in colored
    plain = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert plain == render(diagnostics, "text", sources)


@pytest.mark.parametrize("case", CASES)
def test_nothing_in_a_document_reaches_the_terminal(case: str) -> None:
    """Control characters and those that turn the reading direction are escaped."""
    diagnostics, sources = diagnose(CASES[case])
    text = render(diagnostics, "text", sources)

    assert re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]", text) == []


def test_every_code_is_explained() -> None:
    """A code that the tool can say has a paragraph, and no other has one."""
    reported = {code for path in SOURCES for code in _codes(path)}
    explained = explanations()

    assert (reported - explained.keys(), explained.keys() - reported) == (set(), set())
    assert list(explained) == sorted(explained)
    assert all(explained.values())


def test_every_code_of_a_document_has_a_case() -> None:
    """Each fault that reading and settling a document can find has an example."""
    layers = [ROOT / "generator" / "headgate" / name for name in ("document", "ir")]
    possible = {
        code
        for layer in layers
        for path in layer.rglob("*.py")
        for code in _codes(path)
    }
    shown = {
        code
        for path in FOLDER.glob("*/expected.txt")
        for code in re.findall(
            r"(?:error|warning)\[([a-z-]+)\]", path.read_text("utf-8")
        )
    }

    # What is no text, or very long, is better written by a unit test.
    assert possible - shown == {"bad-encoding", "too-many-faults"}


def _codes(path: Path) -> Iterator[str]:
    """Every code that a module hands to one of the ways of reporting."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and _name(node.func) in REPORTERS:
            for argument in node.args[:2]:
                text = argument.value if isinstance(argument, ast.Constant) else None
                if isinstance(text, str) and CODE.fullmatch(text):
                    yield text


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
