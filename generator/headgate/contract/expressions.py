"""CEL expressions of a stream declaration: compiled once, evaluated per event.

Handing a value to the CEL interpreter costs far more than evaluating with it, so an
expression knows which of the event's fields it reads and only those cross over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import cel

from headgate.document.json_values import Json

FieldTree: TypeAlias = "dict[str, FieldTree | None]"
"""Fields by name, and the fields below each; None stands for the whole value."""

EVENT = "event"
REQUEST = "request"

FUNCTIONS = frozenset(
    {
        "bool",
        "bytes",
        "contains",
        "double",
        "duration",
        "dyn",
        "endsWith",
        "has",
        "int",
        "is_json",
        "is_json_object",
        "matches",
        "size",
        "startsWith",
        "string",
        "timestamp",
        "type",
        "uint",
    }
)

# CEL terminates, but a stranger's expression could still take its time: three lists
# of a hundred items within each other are a million steps.
LONGEST = 4000
MOST_COMPREHENSIONS = 2
LARGEST_REGISTER = 16 << 20

_TEXTS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
_SELECTION = re.compile(r"(?<![\w.])event((?:\s*\.\s*[A-Za-z_]\w*)*)(\s*[(])?")
_BOUND = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*(\w+)\s*,")

# What the interpreter raises for a missing field, a type mismatch, an unknown
# function, and for a value that has no place in CEL (a huge integer).
_FAILURES = (LookupError, TypeError, ValueError, RuntimeError, ArithmeticError)


class ExpressionError(ValueError):
    """An expression that does not compile, or cannot be evaluated with these values."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value written in the declaration itself."""

    value: Json


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled CEL expression, with the names and the event fields it reads."""

    source: str
    program: cel.Program
    names: frozenset[str]
    functions: frozenset[str]
    fields: FieldTree | None


Value: TypeAlias = Constant | Expression


def compile_expression(source: str) -> Expression:
    """Compile CEL source; `ExpressionError` says what is wrong with it."""
    if len(source) > LONGEST:
        raise ExpressionError(f"an expression has at most {LONGEST} characters")
    if len(_BOUND.findall(_without_texts(source))) > MOST_COMPREHENSIONS:
        raise ExpressionError(
            f"at most {MOST_COMPREHENSIONS} of all, exists, map and filter"
        )
    try:
        program = cel.compile(source)
    except _FAILURES as error:
        raise ExpressionError(_first_line(error)) from error
    bound = frozenset(_BOUND.findall(_without_texts(source)))
    return Expression(
        source=source,
        program=program,
        names=frozenset(program.variables()) - bound,
        functions=frozenset(filter(_is_named, program.functions())),
        fields=_fields_read(source),
    )


def merge_fields(trees: list[FieldTree | None]) -> FieldTree | None:
    """Join what several expressions read of one event."""
    merged: FieldTree = {}
    for tree in trees:
        if tree is None:
            return None
        for name, below in tree.items():
            merged[name] = (
                merge_fields([merged[name], below]) if name in merged else below
            )
    return merged


class Scope:
    """The values that expressions see: an event, a request and the registers."""

    def __init__(self, registers: Mapping[str, Json], request: Json) -> None:
        self._context = cel.Context()
        self._context.add_function("is_json", is_json)
        self._context.add_function("is_json_object", is_json_object)
        self._context.add_variable(REQUEST, request)
        for name, value in registers.items():
            self.put(name, value)

    def put(self, name: str, value: Json) -> None:
        """Give a register its new value; `ExpressionError` if it is too large."""
        if isinstance(value, (str, list, dict)) and len(value) > LARGEST_REGISTER:
            raise ExpressionError(f"{name} has more than {LARGEST_REGISTER} parts")
        try:
            self._context.add_variable(name, value)
        except _FAILURES as error:
            raise ExpressionError(_first_line(error)) from error

    def see(self, event: Mapping[str, Json], fields: FieldTree | None) -> None:
        """Show the expressions an event, or the fields of it that they read."""
        try:
            self._context.add_variable(EVENT, _only(dict(event), fields))
        except _FAILURES as error:
            raise ExpressionError(_first_line(error)) from error

    def evaluate(self, value: Value) -> Json:
        """Give an expression's value; `ExpressionError` if it has none here."""
        if isinstance(value, Constant):
            return value.value
        try:
            result: Json = value.program.execute(self._context)
        except _FAILURES as error:
            raise ExpressionError(_first_line(error)) from error
        return result


def is_json(text: str) -> bool:
    """Say whether a text is one JSON value."""
    return _parsed(text) is not _NOTHING


def is_json_object(text: str) -> bool:
    """Say whether a text is one JSON object."""
    return isinstance(_parsed(text), dict)


_NOTHING = object()


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NOTHING


def _only(value: Json, fields: FieldTree | None) -> Json:
    if fields is None or not isinstance(value, dict):
        return value
    return {
        name: _only(value[name], below)
        for name, below in fields.items()
        if name in value
    }


def _fields_read(source: str) -> FieldTree | None:
    trees: list[FieldTree | None] = []
    for path, call in _SELECTION.findall(_without_texts(source)):
        names = [name.strip() for name in path.split(".")[1:]]
        trees.append(_chain(names[:-1] if call else names))
    return merge_fields(trees)


def _chain(names: list[str]) -> FieldTree | None:
    tree: FieldTree | None = None
    for name in reversed(names):
        tree = {name: tree}
    return tree


def _without_texts(source: str) -> str:
    return _TEXTS.sub("''", source)


def _is_named(function: str) -> bool:
    return function[0].isalpha()


def _first_line(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"there is no {error.args[0]!r}"
    return str(error).splitlines()[0]
