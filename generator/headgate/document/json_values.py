"""JSON as Python sees it, and JSON Pointer (RFC 6901) between a value and its parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias
from urllib.parse import unquote

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = "dict[str, Json]"
Tokens: TypeAlias = tuple[str, ...]


def kind_of(value: Json) -> str:
    """Name a value's JSON type, with its article, for a message."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case dict():
            return "an object"


def pointer(tokens: Iterable[str]) -> str:
    """Write tokens as the fragment form of a JSON Pointer: `#/paths/~1runs`."""
    return "#" + "".join(f"/{escape(token)}" for token in tokens)


def escape(token: str) -> str:
    """Escape one token of a pointer: `~` as `~0`, `/` as `~1`."""
    return token.replace("~", "~0").replace("/", "~1")


def component(section: str, name: str) -> str:
    """Write a reference to a part of `components`, whatever its name holds."""
    return pointer(("components", section, name)).replace("%", "%25")


def tokens_of(text: str) -> Tokens:
    """Split a pointer (`#/a/b`, `/a/b`, `#`) into its unescaped tokens."""
    path = text.removeprefix("#")
    if not path:
        return ()
    parts = path.removeprefix("/").split("/")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)


def fragment_tokens(fragment: str) -> Tokens:
    """Split the fragment of a reference, where `%7B` stands for `{`."""
    return tokens_of(unquote(fragment))


def follow(value: Json, tokens: Tokens) -> tuple[bool, Json]:
    """Walk a value by a pointer: whether there is something there, and what."""
    for token in tokens:
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and _is_index(token, len(value)):
            value = value[int(token)]
        else:
            return False, None
    return True, value


def _is_index(token: str, length: int) -> bool:
    return (
        token.isascii()
        and token.isdecimal()
        and len(token) < 10
        and int(token) < length
    )
