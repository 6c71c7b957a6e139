"""What a document says that cannot be true, beyond the shape of its parts."""

from headgate.document.checks.declarations import check_declarations
from headgate.document.checks.findings import Findings, Locator
from headgate.document.checks.operations import check_operations
from headgate.document.checks.parameters import check_parameters
from headgate.document.checks.schemas import check_schemas
from headgate.document.checks.security import check_security
from headgate.document.json_values import JsonObject
from headgate.errors import Diagnostic

__all__ = ["check"]


def check(root: JsonObject, locator: Locator) -> list[Diagnostic]:
    """Check a bundle; every finding stands at the place that its author wrote."""
    findings = Findings(root, locator)
    check_operations(findings)
    check_parameters(findings)
    check_security(findings)
    check_schemas(findings)
    check_declarations(findings)
    return findings.diagnostics
