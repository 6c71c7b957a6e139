"""What `headgate check` says of documents that generate and had better not."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.diagnostics import explanations
from headgate.document import load_document
from headgate.ir.build import build_api
from headgate.lint import lint
from tests.corpus import find_documents

ROOT = Path(__file__).resolve().parents[2]
FAULTY = Path(__file__).with_name("faulty.yaml")
TEXT = FAULTY.read_text("utf-8")
PLANTED = [
    ("missing-operation-id", 5),
    ("body-without-meaning", 6),
    ("ignored-header-parameter", 7),
    ("no-error-answer", 8),
    ("untyped-content", 8),
    ("events-after-end", 20),
    ("stream-without-end", 35),
    ("stream-without-error", 35),
    ("closed-answer", 48),
    ("bare-union", 50),
    ("unknown-branch-gap", 55),
    ("unknown-branch-overlap", 55),
    ("unreachable-schema", 56),
    ("stream-without-error", 58),
]
MENDED = {
    "missing-operation-id": ("    get:\n", "    get:\n      operationId: chats\n"),
    "body-without-meaning": ("      requestBody: {content: {application/json: ", "#"),
    "ignored-header-parameter": ("name: Authorization", "name: X-Key"),
    "no-error-answer": ('responses: {"200"', 'responses: {default: {}, "200"'),
    "untyped-content": ("application/json: {}", "application/json: {schema: {}}"),
    "events-after-end": (
        'data: {"type": "done"}\n\n                data: {"type": "word"}',
        'data: {"type": "done"}',
    ),
    "closed-answer": (", additionalProperties: false", ""),
    "bare-union": (
        "    Unknown:\n",
        "      discriminator: {propertyName: type}\n    Unknown:\n",
    ),
    "unknown-branch-gap": ("[word, gone]", "[word]"),
    "unknown-branch-overlap": ("[word, gone]", "[word, gone, done]"),
    "unreachable-schema": ("    Lost: {type: object}\n", ""),
}

DECLARED_AS_TEXT = """\
  text:
    event: {type: string}
    discriminator: type
    start: open
    states: {open: {word: {to: end}}}
    ends: {end: complete}
"""


def found(path: Path) -> list[tuple[str, int]]:
    document = load_document(path)
    diagnostics = lint(document, build_api(document)[0])
    return [(each.code, each.location.line) for each in diagnostics]


def test_each_planted_fault_is_found_on_its_line() -> None:
    """Nothing more, and nothing less."""
    assert found(FAULTY) == PLANTED


@pytest.mark.parametrize("code", MENDED)
def test_a_mended_fault_is_no_longer_reported(code: str, tmp_path: Path) -> None:
    """What the explanation asks for is what makes the warning go away."""
    before, after = MENDED[code]
    assert TEXT.count(before) == 1
    path = tmp_path / "openapi.yaml"
    path.write_text(TEXT.replace(before, after), "utf-8")

    assert code not in {name for name, _ in found(path)}


def test_events_that_are_declared_as_text_are_reported(tmp_path: Path) -> None:
    """Where nothing is declared, reading the document has said so already."""
    path = tmp_path / "openapi.yaml"
    operation = "operationId: text\n"
    named = f"{operation}      x-stream: {{name: text}}\n"
    assert TEXT.count(operation) == 1
    path.write_text(TEXT.replace(operation, named) + DECLARED_AS_TEXT, "utf-8")

    assert "stream-untyped" not in {name for name, _ in found(FAULTY)}
    assert "stream-untyped" in {name for name, _ in found(path)}


def test_many_schemas_that_nothing_leads_to_are_told_of_at_once(
    tmp_path: Path,
) -> None:
    """Six of them are one warning, with the names of the first."""
    path = tmp_path / "openapi.yaml"
    lost = "".join(f"    Lost{n}: {{type: object}}\n" for n in range(5))
    path.write_text(TEXT.replace("    Lost: {", f"{lost}    Lost: {{"), "utf-8")

    assert [name for name, _ in found(path)].count("unreachable-schema") == 1


def test_every_planted_fault_is_explained() -> None:
    """`headgate explain` knows each code."""
    assert {code for code, _ in PLANTED} <= explanations().keys()


def test_our_own_specification_has_no_such_fault() -> None:
    """What we ask of others we keep to."""
    assert found(ROOT / "spec" / "openapi.yaml") == []


def test_the_gap_in_a_shipped_branch_for_the_unknown_is_found() -> None:
    """A published document forgot one of its own block types where it counts them."""
    corpus = find_documents()
    shipped = [corpus[name] for name in ("vai-lite",) if name in corpus]
    codes = [code for path in shipped for code, _ in found(path)]

    expected = {
        "bare-union",
        "ignored-header-parameter",
        "stream-without-end",
        "unknown-branch-overlap",
    }
    assert not shipped or expected <= set(codes)
