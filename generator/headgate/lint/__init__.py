"""What a document may say, and had better not: the faults that others ship.

Nothing here stops the generator. `headgate check` asks, `headgate generate` does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.document.checks.findings import Findings
from headgate.errors import in_order
from headgate.lint.operations import lint_operations
from headgate.lint.schemas import lint_schemas
from headgate.lint.streams import lint_streams

if TYPE_CHECKING:
    from headgate.document import Document
    from headgate.errors import Diagnostic
    from headgate.ir.api import Api

__all__ = ["lint"]


def lint(document: Document, api: Api) -> tuple[Diagnostic, ...]:
    """Give what is worth a second look in a document that generates."""
    findings = Findings(document.root, document.locate_tokens)
    lint_operations(findings)
    lint_schemas(findings, api)
    return in_order((*findings.diagnostics, *lint_streams(document, api)))
