"""The diagnostic cases: a folder each, with a bad document and what is said of it."""

from __future__ import annotations

from pathlib import Path

from headgate.diagnostics import Format
from headgate.document import load_document
from headgate.document.examples import check_examples
from headgate.errors import Diagnostic, SpecError, in_order
from headgate.ir.build import build_api

FOLDER = Path(__file__).resolve().parent
CASES = {
    path.parent.name: path
    for path in sorted((*FOLDER.glob("*/spec.yaml"), *FOLDER.glob("*/spec.json")))
}

FILES: dict[Format, str] = {
    "text": "expected.txt",
    "json": "expected.json",
    "github": "expected.github.txt",
}
"""The file of each format; the first is there in every case."""


def diagnose(spec: Path) -> tuple[tuple[Diagnostic, ...], dict[str, str]]:
    """Everything that is said of a document, and the texts that excerpts need."""
    try:
        document = load_document(spec)
    except SpecError as error:
        return error.diagnostics, dict(error.sources)
    try:
        _, settled = build_api(document)
    except SpecError as error:
        return error.diagnostics, dict(error.sources)
    found = (*document.warnings, *settled, *check_examples(document))
    return in_order(found), dict(document.sources)
