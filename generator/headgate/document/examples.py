"""Whether examples and defaults are what their own schemas ask for.

This is the slow part of checking, and the only one that needs a JSON Schema
validator, so it is apart from loading: `headgate check` asks for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import quote

from headgate.document.checks.findings import Part
from headgate.document.checks.schemas import each_schema
from headgate.document.document import Document
from headgate.document.export import bundle
from headgate.document.grammar import (
    HEADER,
    MEDIA_TYPE,
    PARAMETER,
    ROOT,
    Kind,
    ListOf,
    MapOf,
    Object,
)
from headgate.document.json_values import (
    Json,
    JsonObject,
    Tokens,
    follow,
    fragment_tokens,
    pointer,
)
from headgate.errors import Diagnostic, Severity, in_order

if TYPE_CHECKING:
    from jsonschema_rs import Registry, ValidationError, Validator

_BASE: Final = "urn:headgate:document"
_STACK_BYTES: Final = 512 * 1024 * 1024
_LONGEST_MESSAGE: Final = 160
_Fault: TypeAlias = tuple[str, Tokens]


def check_examples(
    document: Document, severity: Severity = "warning"
) -> tuple[Diagnostic, ...]:
    """Validate every example and default; the worst fault of each is reported."""
    # The validator compiles schemas by recursion: a chain of references that is
    # long enough would overflow the main thread's stack and end the process.
    before = threading.stack_size(_STACK_BYTES)
    try:
        with ThreadPoolExecutor(max_workers=1) as thread:
            return thread.submit(_check, document, severity).result()
    finally:
        threading.stack_size(before)


def _check(document: Document, severity: Severity) -> tuple[Diagnostic, ...]:
    root = bundle(document, "3.1")
    validators = _Validators(root)
    found: list[Diagnostic] = []
    for (tokens, value), schema in _examples(root):
        if fault := validators.fault(value, tokens, schema):
            message, place = _short(fault[0]), document.locate_tokens(fault[1])
            found.append(Diagnostic(severity, "invalid-example", message, place))
    for reason, schema in validators.unusable:
        message, place = _short(reason), document.locate_tokens(schema)
        found.append(Diagnostic(severity, "unusable-schema", message, place))
    return in_order(found)


class _Validators:
    """Compiles each schema once, on the first example that needs it."""

    def __init__(self, root: JsonObject) -> None:
        from jsonschema_rs import Draft202012
        from jsonschema_rs import Registry as MadeRegistry

        self.unusable: list[_Fault] = []
        self._root = root
        self._compiled: dict[Tokens, Validator | None] = {}
        self._registry: Registry | None = None
        try:
            self._registry = MadeRegistry([(_BASE, root)], draft=Draft202012)
        except ValueError as error:
            # A schema keyword that strayed into the root is read there, and its
            # references were not bundled.
            self.unusable.append((_first_line(error), ()))

    def fault(self, value: Json, tokens: Tokens, schema: Tokens) -> _Fault | None:
        """Give what is worst about a value that a schema does not admit."""
        validator = self._validator(self._meant(schema))
        errors = list(validator.iter_errors(value)) if validator else []
        if not errors:
            return None
        worst = _telling(min(errors, key=_rank))
        place = (*tokens, *(str(step) for step in worst.instance_path))
        return worst.message, place

    def _validator(self, schema: Tokens) -> Validator | None:
        from jsonschema_rs import Draft202012Validator

        if self._registry is None:
            return None
        if schema not in self._compiled:
            reference = _BASE + "#" + quote(pointer(schema)[1:], safe="/~")
            try:
                self._compiled[schema] = Draft202012Validator(
                    {"$ref": reference}, registry=self._registry, offline=True
                )
            except ValueError as error:
                self._compiled[schema] = None
                self.unusable.append((_first_line(error), schema))
        return self._compiled[schema]

    def _meant(self, schema: Tokens) -> Tokens:
        """Follow a schema that is only a reference, so that it is compiled once."""
        value = follow(self._root, schema)[1]
        if isinstance(value, dict) and value.keys() == {"$ref"}:
            reference = value["$ref"]
            if isinstance(reference, str):
                return fragment_tokens(reference)
        return schema


def _examples(root: JsonObject) -> Iterator[tuple[tuple[Tokens, Json], Tokens]]:
    """Give every example with its place, and the place of the schema it follows."""
    for part, kind in _owners(root, ROOT, ()):
        for at, value in _given(root, part):
            name = part.tokens[-1].partition(";")[0].lower()
            if kind is not MEDIA_TYPE or name.endswith(("/json", "+json")):
                yield (at, value), (*part.tokens, "schema")
    schemas: list[Part] = []
    each_schema(root, lambda value, path: schemas.append(Part(value, tuple(path))))
    for schema in schemas:
        for key in ("default", "example"):
            if key in schema.value:
                yield ((*schema.tokens, key), schema.value[key]), schema.tokens
        examples = schema.value.get("examples")
        for index, value in enumerate(examples if isinstance(examples, list) else ()):
            yield ((*schema.tokens, "examples", str(index)), value), schema.tokens


def _given(root: JsonObject, owner: Part) -> Iterator[tuple[Tokens, Json]]:
    if "schema" not in owner.value:
        return
    if "example" in owner.value:
        yield (*owner.tokens, "example"), owner.value["example"]
    for _, given in owner.members("examples"):
        example = _meant_example(root, given)
        for key in ("value", "dataValue"):
            if key in example.value:
                yield (*example.tokens, key), example.value[key]


def _meant_example(root: JsonObject, example: Part) -> Part:
    reference = example.text("$ref")
    if reference is None:
        return example
    tokens = fragment_tokens(reference)
    value = follow(root, tokens)[1]
    return Part(value if isinstance(value, dict) else {}, tokens)


def _owners(value: Json, kind: Kind, tokens: Tokens) -> Iterator[tuple[Part, Kind]]:
    """Give every object beside whose schema examples may stand."""
    if isinstance(kind, Object) and isinstance(value, dict):
        if kind in (PARAMETER, HEADER, MEDIA_TYPE):
            yield Part(value, tokens), kind
        for key, inner in value.items():
            if field := kind.fields.get(key):
                yield from _owners(inner, field.kind, (*tokens, key))
    elif isinstance(kind, MapOf) and isinstance(value, dict):
        for key, inner in value.items():
            yield from _owners(inner, kind.item, (*tokens, key))
    elif isinstance(kind, ListOf) and isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _owners(inner, kind.item, (*tokens, str(index)))


def _rank(error: ValidationError) -> tuple[bool, int]:
    """Prefer what is wrong with the value's type, then what is deepest inside."""
    return error.kind.name != "type", -len(error.instance_path)


def _telling(error: ValidationError) -> ValidationError:
    """Find, in a union that nothing fits, what the branch that was meant misses."""
    context: list[list[ValidationError]] = getattr(error.kind, "context", [])
    depth = len(error.instance_path)
    meant = [branch for branch in context if branch and not _excludes(branch, depth)]
    if len(meant) != 1:
        return error
    return _telling(min(meant[0], key=_rank))


def _excludes(branch: list[ValidationError], depth: int) -> bool:
    """Tell a branch for another type of value, or for another value of its tag."""
    return any(
        (error.kind.name == "type" and len(error.instance_path) == depth)
        or (error.kind.name in ("const", "enum") and _is_tag(error, depth))
        for error in branch
    )


def _is_tag(error: ValidationError, depth: int) -> bool:
    return len(error.instance_path) == depth + 1 and isinstance(error.instance, str)


def _first_line(error: ValueError) -> str:
    lines = str(error).splitlines()
    return f"no validator can use this schema: {lines[0] if lines else 'unknown'}"


def _short(message: str) -> str:
    one_line = " ".join(message.split())
    if len(one_line) <= _LONGEST_MESSAGE:
        return one_line
    half = _LONGEST_MESSAGE // 2
    return f"{one_line[:half]} … {one_line[-half:]}"
