"""Parameters: where they go, and whether the path has room for them."""

from __future__ import annotations

import re
from typing import Final

from headgate.document.checks.findings import Findings, Operation, Part

PLACES: Final = ("path", "query", "querystring", "header", "cookie")
_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_FROM_SWAGGER: Final = frozenset({"body", "formData"})


def check_parameters(findings: Findings) -> None:
    """Check every parameter once, and every path against its operations."""
    for _, parameter in findings.root.object("components").members("parameters"):
        if "$ref" not in parameter.value:
            _check_parameter(findings, parameter)
    for _, item in findings.root.members("paths"):
        _check_list(findings, item)
    for operation in findings.operations:
        _check_list(findings, operation.part)
        if operation.path is not None:
            _check_path(findings, operation, operation.path)


def _check_list(findings: Findings, owner: Part) -> None:
    seen: set[tuple[str | None, str | None]] = set()
    for given in owner.items("parameters"):
        if "$ref" not in given.value:
            _check_parameter(findings, given)
        parameter = findings.resolve(given)
        place = parameter.text("in"), parameter.text("name")
        if place in seen:
            message = f"the {place[0]} parameter {place[1]!r} stands here twice"
            findings.warning("duplicate-parameter", message, given.tokens)
        seen.add(place)


def _check_parameter(findings: Findings, parameter: Part) -> None:
    place = parameter.text("in")
    name = parameter.text("name")
    if place is not None and place not in PLACES:
        hint = "OpenAPI 3 has `requestBody` for that" if place in _FROM_SWAGGER else ""
        message = f"a parameter is in path, query, header or cookie, not in {place!r}"
        findings.warning(
            "bad-parameter-place",
            f"{message}; it is left out",
            (*parameter.tokens, "in"),
            hint,
        )
    if place == "path" and parameter.value.get("required") is not True:
        findings.warning(
            "optional-path-parameter",
            f"the path parameter {name!r} has to be required",
            parameter.tokens,
        )
    if "schema" not in parameter.value and "content" not in parameter.value:
        message = f"the parameter {name!r} has neither a schema nor content"
        findings.warning("missing-schema", message, parameter.tokens)


def _check_path(findings: Findings, operation: Operation, path: str) -> None:
    variables: list[str] = _VARIABLE.findall(path)
    parameters = findings.parameters(operation)
    given = [it for it in parameters if it.text("in") == "path"]
    declared = {it.text("name") for it in given}
    asked = {it.text("name") for it in parameters if it.text("in") == "query"}
    for variable in dict.fromkeys(variables):
        if variable not in declared:
            stand_in = "the query parameter of that name" if variable in asked else ""
            _report_undefined(findings, operation, variable, stand_in)
    for parameter in given:
        name = parameter.text("name")
        if name not in variables:
            findings.warning(
                "unused-path-parameter",
                f"the path of {operation.shown} has no {{{name}}}: it is left out",
                (*parameter.tokens, "name"),
            )


def _report_undefined(
    findings: Findings, operation: Operation, name: str, stand_in: str
) -> None:
    place = operation.part.tokens
    message = f"{{{name}}} of the path is no parameter of {operation.shown}"
    if _NAME.fullmatch(name):
        message += f"; {stand_in or 'any text'} is taken for it"
        findings.warning("undefined-path-parameter", message, place)
    else:
        findings.error("undefined-path-parameter", message, place)
