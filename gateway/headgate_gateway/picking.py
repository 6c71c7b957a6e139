"""Picks, out of everything a validator says, the one error that helps the caller."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import jsonschema_rs

Path: TypeAlias = Sequence[str | int]

_BRANCHES = frozenset({"oneOf", "anyOf"})


@dataclass(frozen=True, slots=True)
class Problem:
    """Where a value breaks its schema (as ``messages[0].content``), and how."""

    param: str
    message: str


def pick(errors: Iterable[jsonschema_rs.ValidationError]) -> Problem | None:
    """The most telling of ``errors``; None when there are none."""
    first = next(iter(errors), None)
    return None if first is None else _problem(_innermost(first))


@dataclass(frozen=True, slots=True)
class Located:
    """A fault and its place as a JSON Pointer (RFC 6901)."""

    pointer: str
    message: str


def located(errors: Iterable[jsonschema_rs.ValidationError]) -> Iterator[Located]:
    """Every one of ``errors``."""
    for error in map(_innermost, errors):
        yield Located(_pointer(_place(error)), _problem(error).message)


def _place(error: jsonschema_rs.ValidationError) -> list[str | int]:
    """Where the fault is: a property that is missing or unknown, or the value."""
    path = list(error.instance_path)
    match error.kind:
        case jsonschema_rs.ValidationErrorKind.Required(property=name):
            return [*path, name]
        case jsonschema_rs.ValidationErrorKind.AdditionalProperties(unexpected=names):
            return [*path, names[0]]
        case _:
            return path


def _pointer(path: Path) -> str:
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "".join(f"/{step}" for step in steps)


def dotted(path: Path) -> str:
    """A path as people write it: ``messages[0].content``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def _innermost(error: jsonschema_rs.ValidationError) -> jsonschema_rs.ValidationError:
    """The error in the branch of a union that the value was meant for, if it tells."""
    if error.kind.name not in _BRANCHES:
        return error
    branches: list[list[jsonschema_rs.ValidationError]] = getattr(
        error.kind, "context", []
    )
    meant = [branch for branch in branches if not _is_other_branch(branch, error)]
    if len(meant) == 1 and meant[0]:
        return _innermost(meant[0][0])
    return error


def _is_other_branch(
    branch: Sequence[jsonschema_rs.ValidationError],
    union: jsonschema_rs.ValidationError,
) -> bool:
    """Whether a branch fails by its tag or type: the value was not meant for it."""
    depth = len(union.instance_path)
    for error in branch:
        away = len(error.instance_path) - depth
        if error.kind.name == "type" and away == 0:
            return True
        if error.kind.name == "const" and away == 1:
            return True
    return False


def _problem(error: jsonschema_rs.ValidationError) -> Problem:
    path = list(error.instance_path)
    match error.kind:
        case jsonschema_rs.ValidationErrorKind.Required(property=name):
            return Problem(dotted([*path, name]), "This field is required.")
        case jsonschema_rs.ValidationErrorKind.AdditionalProperties(unexpected=names):
            return Problem(dotted([*path, names[0]]), "This field is not known here.")
        case jsonschema_rs.ValidationErrorKind.OneOfNotValid(context=context):
            return _union_problem(path, context)
        case jsonschema_rs.ValidationErrorKind.AnyOf(context=context):
            return _union_problem(path, context)
        case _:
            return Problem(dotted(path), _sentence(error.message))


def _union_problem(
    path: list[str | int], branches: Sequence[Sequence[jsonschema_rs.ValidationError]]
) -> Problem:
    """No branch fits: say that the tag is missing or unknown, if that is why."""
    tags = [tag for branch in branches for tag in branch if _is_tag(tag, path)]
    if tags and len(tags) >= len(branches) - 1:
        allowed = sorted({_quoted(tag) for tag in tags})
        where = dotted(tags[0].instance_path)
        return Problem(where, f"This must be one of {', '.join(allowed)}.")
    missing = _missing_everywhere(branches)
    if missing is not None:
        return Problem(dotted([*path, missing]), "This field is required.")
    return Problem(dotted(path), "The value fits none of the shapes allowed here.")


def _is_tag(error: jsonschema_rs.ValidationError, path: Path) -> bool:
    return error.kind.name == "const" and len(error.instance_path) == len(path) + 1


def _quoted(error: jsonschema_rs.ValidationError) -> str:
    return error.message.removesuffix(" was expected")


def _missing_everywhere(
    branches: Sequence[Sequence[jsonschema_rs.ValidationError]],
) -> str | None:
    """A property whose absence every branch of objects complains about first."""
    names: list[str] = []
    for branch in branches:
        for error in branch:
            match error.kind:
                case jsonschema_rs.ValidationErrorKind.Required(property=name):
                    names.append(name)
                    break
                case _:
                    continue
    return names[0] if names and len(set(names)) == 1 else None


def _sentence(message: str) -> str:
    """The validator's words, which may be long; the value itself is not in them."""
    text = message if len(message) <= 200 else f"{message[:200]}…"
    return text if text.endswith(".") else f"{text}."
