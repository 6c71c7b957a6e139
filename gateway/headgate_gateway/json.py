"""JSON at C speed, with one spelling of each value."""

import json
from typing import Any, TypeAlias, TypeGuard

import orjson

JsonObject: TypeAlias = dict[str, Any]

_EXACT = 2**53

JSONDecodeError = orjson.JSONDecodeError


def dumps(value: object) -> bytes:
    """UTF-8 JSON without spaces, on one line."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return _deep(value)


def _deep(value: object, *, in_order: bool = False) -> bytes:
    """JSON deeper than orjson writes, though not than it reads."""
    text = json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), sort_keys=in_order
    )
    return text.encode()


def dump_text(value: object) -> str:
    """``dumps`` as text; a NUL stays escaped, so that any store takes it."""
    return dumps(value).decode()


def quoted(text: str) -> str:
    """The JSON text of a string: ``dump_text`` without the care for deep values."""
    return orjson.dumps(text).decode()


def canonical(value: object) -> bytes:
    """JSON whose bytes do not depend on the order of object keys."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return _deep(value, in_order=True)


def loads(data: bytes | str) -> Any:
    """The value of a JSON text; refuses NaN, lone surrogates and invalid UTF-8."""
    return orjson.loads(data)


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a JSON value is a list."""
    return isinstance(value, list)


def object_at(value: JsonObject, name: str) -> JsonObject:
    """The object at ``name``; an empty one where there is none."""
    found: JsonObject | None = value.get(name)
    return found if isinstance(found, dict) else {}


def objects_at(value: JsonObject, name: str) -> list[JsonObject]:
    """The objects in the list at ``name``; none where there is no list."""
    found: list[JsonObject] | None = value.get(name)
    return found if isinstance(found, list) else []


def integral(value: Any) -> Any:
    """``value`` with floats such as 1.0 as integers, which JSON Schema holds equal.

    Beyond the integers that a float has exactly, it stays a float.
    """
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        return int(value)
    if isinstance(value, list):
        return [integral(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {key: integral(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value
