"""Mistakes in a document's stream declarations, as diagnostics with positions."""

from __future__ import annotations

from headgate.contract.stream import read_declarations
from headgate.document import Document
from headgate.errors import Diagnostic, in_order


def diagnose_streams(document: Document) -> tuple[Diagnostic, ...]:
    """Say everything that is wrong with the streams of a loaded document."""
    _, problems = read_declarations(document.root)
    return in_order(
        Diagnostic(
            severity="error",
            code=problem.code,
            message=problem.message,
            location=document.locate(problem.pointer),
        )
        for problem in problems
    )
