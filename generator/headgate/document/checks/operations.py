"""Operations: their ids, their paths, and the links between them."""

from __future__ import annotations

import re
from typing import Final

from headgate.document.checks.findings import Findings, Part

_VARIABLE: Final = re.compile(r"\{[^{}]*\}")


def check_operations(findings: Findings) -> None:
    """Check that ids are unique, paths differ, and links lead somewhere."""
    _check_ids(findings)
    _check_paths(findings)
    for operation in findings.operations:
        for _, response in operation.part.members("responses"):
            _check_links(findings, response)
    for _, response in findings.root.object("components").members("responses"):
        _check_links(findings, response)


def _check_ids(findings: Findings) -> None:
    for operation in findings.operations:
        name = operation.part.text("operationId")
        first = findings.operations_by_id.get(name or "", operation)
        if name is None and operation.path is not None:
            findings.warning(
                "missing-operation-id",
                f"{operation.shown} has no operationId",
                operation.part.tokens,
                "its method is named after its path, and changes with it",
            )
        if name is None or first is operation:
            continue
        place = (*operation.part.tokens, "operationId")
        line = findings.line((*first.part.tokens, "operationId"))
        findings.warning(
            "duplicate-operation-id",
            f"{name!r} is already used at {line}",
            place,
            "the second operation gets a name made from its path",
        )


def _check_paths(findings: Findings) -> None:
    """Two paths that differ by the names of their variables are one to a server."""
    seen: dict[str, str] = {}
    for path, item in findings.root.members("paths"):
        shape = _VARIABLE.sub("{}", path)
        if shape in seen:
            message = f"{path!r} is the same path as {seen[shape]!r}"
            findings.warning("ambiguous-path", message, item.tokens)
        seen.setdefault(shape, path)


def _check_links(findings: Findings, response: Part) -> None:
    for _, given in response.members("links"):
        link = findings.resolve(given)
        name = link.text("operationId")
        if name is not None and name not in findings.operations_by_id:
            findings.warning(
                "unknown-operation",
                f"no operation has the id {name!r}",
                (*link.tokens, "operationId"),
            )
