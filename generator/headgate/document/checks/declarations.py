"""Our extensions: that `x-stream`, `x-pagination` and the rest name what exists."""

from __future__ import annotations

from headgate.document.checks.findings import Findings, Operation, Part
from headgate.document.checks.pending import check_pending
from headgate.document.json_values import Tokens


def check_declarations(findings: Findings) -> None:
    """Check every reference by name from a declaration to the rest."""
    streams = dict(findings.root.members("x-streams"))
    for operation in findings.operations:
        if "x-stream" in operation.part.value:
            _check_stream(findings, operation, streams)
        if "x-pagination" in operation.part.value:
            _check_pagination(findings, operation)
    for stream in streams.values():
        _check_nested(findings, stream, streams)
        _check_resume(findings, stream)
    if "x-errors" in findings.root.value:
        _check_errors(findings, findings.root.object("x-errors"))
    check_pending(findings)


def _check_stream(
    findings: Findings, operation: Operation, streams: dict[str, Part]
) -> None:
    declared = operation.part.object("x-stream")
    name = declared.text("name")
    if name is not None and name not in streams:
        findings.error(
            "unknown-stream",
            f"x-streams declares no {name!r}",
            (*declared.tokens, "name"),
            f"declared are: {', '.join(streams)}" if streams else "it declares none",
        )
    _check_unfinished(findings, operation, declared)
    _check_asked(findings, operation, declared.object("asked_by"))
    field = declared.object("asked_by").text("body")
    body = findings.resolve(operation.part.object("requestBody"))
    if field is not None:
        schema = body.object("content", "application/json", "schema")
        place = (*declared.tokens, "asked_by", "body")
        _check_property(findings, schema, field, place)


def _check_unfinished(findings: Findings, operation: Operation, declared: Part) -> None:
    _check_asked(findings, operation, declared.object("unfinished_when"))


def _check_asked(findings: Findings, operation: Operation, flag: Part) -> None:
    name = flag.text("query")
    if name is not None and name not in _names(findings, operation):
        findings.error(
            "unknown-parameter",
            f"{operation.shown} has no parameter {name!r}",
            (*flag.tokens, "query"),
        )


def _check_pagination(findings: Findings, operation: Operation) -> None:
    declared = operation.part.object("x-pagination")
    cursor = declared.object("cursor")
    name = cursor.text("parameter")
    if name is not None and name not in _names(findings, operation):
        findings.error(
            "unknown-parameter",
            f"{operation.shown} has no parameter {name!r}",
            (*cursor.tokens, "parameter"),
        )
    page = _answer(findings, operation)
    for owner, key in ((declared, "items"), (declared, "more"), (cursor, "from")):
        field = owner.text(key)
        if field is not None and page is not None:
            _check_property(findings, page, field, (*owner.tokens, key))


def _check_nested(findings: Findings, stream: Part, streams: dict[str, Part]) -> None:
    for _, nested in stream.members("nested"):
        name = nested.text("stream")
        if name is not None and name not in streams:
            findings.error(
                "unknown-stream",
                f"x-streams declares no {name!r}",
                (*nested.tokens, "stream"),
            )


_MEANINGS = ("finished", "unknown", "expired")


def _check_resume(findings: Findings, stream: Part) -> None:
    resume = stream.object("resume")
    statuses = resume.object("statuses")
    for status, meaning in statuses.value.items():
        if meaning not in _MEANINGS or not status.isdecimal():
            findings.error(
                "impossible-resume",
                "a status of a resumed stream means one of " + ", ".join(_MEANINGS),
                (*statuses.tokens, status),
            )
    name = resume.text("operation")
    if name is None:
        return
    operation = findings.operations_by_id.get(name)
    if operation is None:
        findings.error(
            "unknown-operation",
            f"no operation has the id {name!r}",
            (*resume.tokens, "operation"),
        )
        return
    known = _names(findings, operation)
    cursor = resume.object("cursor")
    wanted: list[tuple[str, Tokens]] = [
        (parameter, (*resume.tokens, "parameters", parameter))
        for parameter in resume.object("parameters").value
    ]
    wanted += [
        (parameter, (*cursor.tokens, place))
        for place in ("query", "header")
        if (parameter := cursor.text(place)) is not None
    ]
    for parameter, tokens in wanted:
        if parameter not in known:
            findings.error(
                "unknown-parameter",
                f"{name} has no parameter {parameter!r}",
                tokens,
            )


def _check_errors(findings: Findings, errors: Part) -> None:
    at = errors.text("at")
    schema = errors.object("schema")
    if at is not None:
        _check_property(findings, schema, at, (*errors.tokens, "at"))
        found = (findings.properties(schema) or {}).get(at)
        schema = found if found is not None else Part({}, schema.tokens)
    for key, field in errors.value.items():
        if key not in ("at", "schema", "classes") and isinstance(field, str):
            _check_property(findings, schema, field, (*errors.tokens, key))
    _check_classes(findings, errors)


def _check_classes(findings: Findings, errors: Part) -> None:
    classes = list(errors.items("classes"))
    names = [entry.text("name") for entry in classes]
    for index, entry in enumerate(classes):
        name, parent = names[index], entry.text("parent")
        if name is None:
            message = "an error class needs 'name'"
            findings.error("missing-field", message, entry.tokens)
        elif name in names[:index]:
            message = f"there are two error classes {name!r}"
            findings.error("duplicate-error-class", message, (*entry.tokens, "name"))
        if parent is not None and parent not in names:
            findings.error(
                "unknown-error-class",
                f"there is no error class {parent!r}",
                (*entry.tokens, "parent"),
            )


def _check_property(findings: Findings, schema: Part, name: str, place: Tokens) -> None:
    properties = findings.properties(schema)
    if properties is not None and name not in properties:
        findings.error(
            "unknown-property",
            f"the schema has no property {name!r}",
            place,
            f"it has: {', '.join(properties)}" if properties else "",
        )


def _names(findings: Findings, operation: Operation) -> set[str]:
    given = (it.text("name") for it in findings.parameters(operation))
    return {name for name in given if name is not None}


def _answer(findings: Findings, operation: Operation) -> Part | None:
    """Give the schema of an operation's successful JSON answer."""
    for status, given in operation.part.members("responses"):
        response = findings.resolve(given)
        schema = response.object("content", "application/json", "schema")
        if status.startswith("2") and schema.value:
            return schema
    return None
