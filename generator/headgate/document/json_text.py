"""Reads JSON (RFC 8259) strictly, with the place of each value.

YAML's parser refuses some JSON (surrogate pairs, U+007F, long keys) and takes some
text that is not JSON, so files named `*.json` are read here.
"""

from __future__ import annotations

import json
import re
from typing import Final

from headgate.document.scalars import NotJsonError, decimal, integer
from headgate.document.tree import Scalar, TreeBuilder

_STRING: Final = r'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*"'
_TOKEN: Final = re.compile(
    rf"""[ \t\r\n]*(?:
      (?P<key>{_STRING})[ \t\r\n]*:
    | (?P<string>{_STRING})
    | (?P<comma>,)
    | (?P<open>[\[{{])
    | (?P<close>[\]}}])
    | (?P<number>-?(?:0|[1-9][0-9]*)(?P<fraction>(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?))
    | (?P<word>true|false|null)
    | (?P<end>\Z)
    | (?P<wrong>.)
    )""",
    re.VERBOSE | re.DOTALL,
)
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}

_VALUE: Final = frozenset({"string", "number", "word", "open"})
_FIRST_ITEM: Final = _VALUE | {"close"}
_FIRST_KEY: Final = frozenset({"key", "close"})
_NEXT_KEY: Final = frozenset({"key"})
_AFTER: Final = frozenset({"comma", "close"})
_AT_END: Final = frozenset({"end"})


def read_json(text: str) -> TreeBuilder:
    """Read the one value of a text; `UnreadableError` when it is not JSON."""
    tree = TreeBuilder()
    allowed = _VALUE
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup or "wrong"
        if kind == "fraction":
            kind = "number"
        offset = token.start(kind)
        if kind not in allowed:
            _refuse(tree, text, kind, offset, allowed)
        if kind == "end":
            break
        allowed = _take(tree, token, kind, offset)
    return tree


def _take(
    tree: TreeBuilder, token: re.Match[str], kind: str, offset: int
) -> frozenset[str]:
    """Build what a token says and give the kinds that may follow it."""
    match kind:
        case "key":
            tree.key(_text(tree, token["key"], offset), offset)
            return _VALUE
        case "open":
            tree.open({} if token["open"] == "{" else [], offset)
            return _FIRST_KEY if token["open"] == "{" else _FIRST_ITEM
        case "comma":
            return _NEXT_KEY if tree.wants_key else _VALUE
        case "close":
            _close(tree, token["close"], offset)
        case "string":
            tree.scalar(_text(tree, token["string"], offset), offset)
        case "number":
            tree.scalar(_number(tree, token, offset), offset)
        case _:
            tree.scalar(_WORDS[token["word"]], offset)
    return _AFTER if tree.stack else _AT_END


def _close(tree: TreeBuilder, bracket: str, offset: int) -> None:
    expected = "}" if isinstance(tree.stack[-1].value, dict) else "]"
    if bracket != expected:
        tree.stop("json-syntax", f"expected '{expected}', found '{bracket}'", offset)
    tree.close()


def _text(tree: TreeBuilder, literal: str, offset: int) -> str:
    if "\\" not in literal:
        return literal[1:-1]
    try:
        text = str(json.loads(literal))
    except ValueError:
        tree.fault("json-syntax", "the string has an invalid escape", offset)
        return literal[1:-1]
    if _LONE_SURROGATE.search(text):
        message = "the string has half of a surrogate pair, which is no character"
        tree.fault("lone-surrogate", message, offset)
        return _LONE_SURROGATE.sub("�", text)
    return text


def _number(tree: TreeBuilder, token: re.Match[str], offset: int) -> Scalar:
    digits = token["number"]
    try:
        return decimal(digits) if token["fraction"] else integer(digits, 10)
    except NotJsonError as error:
        tree.fault("not-json", str(error), offset)
        return None


def _refuse(
    tree: TreeBuilder, text: str, kind: str, offset: int, allowed: frozenset[str]
) -> None:
    found = "the end of the file" if kind == "end" else repr(text[offset])
    tree.stop("json-syntax", f"expected {_expected(allowed)}, found {found}", offset)


def _expected(allowed: frozenset[str]) -> str:
    if allowed == _AFTER:
        return "',' or the end of the object or list"
    if allowed == _AT_END:
        return "the end of the file"
    return "a key and ':'" if "key" in allowed else "a value"
