"""Operations: ids, answers that nobody described, headers that nobody sends."""

from __future__ import annotations

from typing import Final

from headgate.document.checks.findings import Findings, Operation, Part
from headgate.ir.build.media import body_kind

_NOT_PARAMETERS: Final = frozenset({"accept", "content-type", "authorization"})
_WITHOUT_BODY: Final = frozenset({"get", "head"})


def lint_operations(findings: Findings) -> None:
    """Look at every operation below `paths`."""
    for operation in findings.operations:
        if operation.path is None:
            continue
        _lint_id(findings, operation)
        _lint_answers(findings, operation)
        _lint_parameters(findings, operation)
        if operation.method in _WITHOUT_BODY and "requestBody" in operation.part.value:
            findings.warning(
                "body-without-meaning",
                f"a body of {operation.method.upper()} has no meaning to HTTP",
                (*operation.part.tokens, "requestBody"),
            )


def _lint_id(findings: Findings, operation: Operation) -> None:
    if operation.part.text("operationId"):
        return
    findings.warning(
        "missing-operation-id",
        f"{operation.shown} has no operationId",
        operation.part.tokens,
        "its method is named after its path, and changes with it",
    )


def _lint_answers(findings: Findings, operation: Operation) -> None:
    answers = dict(operation.part.members("responses"))
    if not any(status == "default" or status[:1] in "45" for status in answers):
        findings.warning(
            "no-error-answer",
            f"{operation.shown} never fails, if one believes its responses",
            (*operation.part.tokens, "responses"),
            "describe `default`, or the statuses that can occur",
        )
    for status, given in answers.items():
        if status.startswith("2"):
            _lint_contents(findings, operation, findings.resolve(given))


def _lint_contents(findings: Findings, operation: Operation, answer: Part) -> None:
    for media_type, media in answer.members("content"):
        if body_kind(media_type) == "json" and "schema" not in media.value:
            findings.warning(
                "untyped-content",
                f"{operation.shown} answers with {media_type} of no schema",
                media.tokens,
                "the SDKs give it as plain JSON",
            )


def _lint_parameters(findings: Findings, operation: Operation) -> None:
    for parameter in findings.parameters(operation):
        name = parameter.text("name") or ""
        if parameter.text("in") == "header" and name.lower() in _NOT_PARAMETERS:
            findings.warning(
                "ignored-header-parameter",
                f"the header {name} is no parameter: OpenAPI ignores it here",
                (*parameter.tokens, "name"),
                "a credential belongs in `securitySchemes`, a media type in `content`",
            )
