"""JSONPath (RFC 9535) as far as Overlays need it: everything but functions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from headgate.document.json_values import Json, Tokens

_NAME: Final = re.compile(r"[A-Za-z_\u0080-\U0010ffff][\w\u0080-\U0010ffff-]*")
_STRING: Final = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")
_SLICE: Final = re.compile(r"(-?\d+)?\s*:\s*(-?\d+)?(?:\s*:\s*(-?\d+)?)?")
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORD: Final = re.compile(r"true|false|null")
_COMPARE: Final = re.compile(r"==|!=|<=|>=|<|>")
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_DEEPEST: Final = 40

Place: TypeAlias = tuple[Tokens, Json]
_Selector: TypeAlias = Callable[[Place], Iterator[Place]]
_Test: TypeAlias = Callable[[Json], bool]
_Operand: TypeAlias = Callable[[Json], list[Json]]


class JsonPathError(ValueError):
    """A path that is none, or that uses what is not supported."""


@dataclass(frozen=True, slots=True)
class _Segment:
    selectors: tuple[_Selector, ...]
    descends: bool

    def select(self, place: Place) -> Iterator[Place]:
        """Give what the selectors select here and, if it descends, below."""
        for start in _below(place) if self.descends else (place,):
            for selector in self.selectors:
                yield from selector(start)


def select(path: str, root: Json) -> list[Tokens]:
    """Give the places that a path leads to, each once, in the document's order."""
    parser = _Parser(path, root)
    parser.expect("$")
    segments = parser.segments()
    parser.end()
    return list(dict.fromkeys(tokens for tokens, _ in _walk(segments, ((), root))))


def _walk(segments: tuple[_Segment, ...], start: Place) -> list[Place]:
    places = [start]
    for segment in segments:
        places = [found for place in places for found in segment.select(place)]
    return places


def _children(place: Place) -> Iterator[Place]:
    tokens, value = place
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*tokens, key), inner
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield (*tokens, str(index)), inner


def _below(place: Place) -> Iterator[Place]:
    yield place
    for child in _children(place):
        yield from _below(child)


def _member(name: str) -> _Selector:
    def selected(place: Place) -> Iterator[Place]:
        tokens, value = place
        if isinstance(value, dict) and name in value:
            yield (*tokens, name), value[name]

    return selected


def _items(part: slice) -> _Selector:
    def selected(place: Place) -> Iterator[Place]:
        tokens, value = place
        if isinstance(value, list):
            for index in range(len(value))[part]:
                yield (*tokens, str(index)), value[index]

    return selected


def _item(index: int) -> _Selector:
    def selected(place: Place) -> Iterator[Place]:
        tokens, value = place
        if isinstance(value, list) and -len(value) <= index < len(value):
            at = index % len(value)
            yield (*tokens, str(at)), value[at]

    return selected


def _passing(test: _Test) -> _Selector:
    def selected(place: Place) -> Iterator[Place]:
        return (child for child in _children(place) if test(child[1]))

    return selected


class _Parser:
    def __init__(self, text: str, root: Json) -> None:
        self._text = text
        self._root = root
        self._position = 0
        self._depth = 0

    def expect(self, text: str) -> None:
        if not self._take(text):
            raise self._error()

    def end(self) -> None:
        if self._position != len(self._text):
            raise self._error()

    def segments(self) -> tuple[_Segment, ...]:
        found: list[_Segment] = []
        while True:
            if self._take(".."):
                bracket = self._take("[")
                selectors = self._bracket() if bracket else (self._shorthand(),)
                found.append(_Segment(selectors, descends=True))
            elif self._take("."):
                found.append(_Segment((self._shorthand(),), descends=False))
            elif self._take("["):
                found.append(_Segment(self._bracket(), descends=False))
            else:
                return tuple(found)

    def _shorthand(self) -> _Selector:
        if self._take("*"):
            return _children
        name = self._match(_NAME)
        if name is None:
            raise self._error()
        return _member(name[0])

    def _bracket(self) -> tuple[_Selector, ...]:
        found = [self._selector()]
        while self._take(",", spaced=True):
            found.append(self._selector())
        self._space()
        self.expect("]")
        return tuple(found)

    def _selector(self) -> _Selector:
        self._space()
        if self._take("*"):
            return _children
        if self._take("?"):
            return _passing(self._either())
        if text := self._match(_STRING):
            return _member(self._string(text[0]))
        if part := self._match(_SLICE):
            start, stop, step = (None if n is None else int(n) for n in part.groups())
            return _items(slice(start, stop, step if step != 0 else 1))
        if number := self._match(_NUMBER):
            if not number[0].lstrip("-").isdecimal():
                raise self._error()
            return _item(int(number[0]))
        raise self._error()

    def _string(self, text: str) -> str:
        if text.startswith("'"):
            inner = text[1:-1].replace("\\'", "'").replace('"', '\\"')
            text = f'"{inner}"'
        try:
            return str(json.loads(text))
        except ValueError:
            raise self._error() from None

    def _either(self) -> _Test:
        tests = [self._both()]
        while self._take("||", spaced=True):
            tests.append(self._both())
        return lambda value: any(test(value) for test in tests)

    def _both(self) -> _Test:
        tests = [self._one()]
        while self._take("&&", spaced=True):
            tests.append(self._one())
        return lambda value: all(test(value) for test in tests)

    def _one(self) -> _Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error()
        try:
            if self._take("!", spaced=True):
                test = self._one()
                return lambda value: not test(value)
            if self._take("(", spaced=True):
                inner = self._either()
                self._space()
                self.expect(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> _Test:
        left = self._operand()
        self._space()
        operator = self._match(_COMPARE)
        if operator is None:
            return lambda value: bool(left(value))
        right = self._operand()
        return lambda value: _compare(operator[0], left(value), right(value))

    def _operand(self) -> _Operand:
        self._space()
        if self._take("@"):
            segments = self.segments()
            return lambda value: [v for _, v in _walk(segments, ((), value))]
        if self._take("$"):
            found = [v for _, v in _walk(self.segments(), ((), self._root))]
            return lambda _: found
        if text := self._match(_STRING):
            constant: Json = self._string(text[0])
        elif literal := self._match(_NUMBER) or self._match(_WORD):
            constant = json.loads(literal[0])
        else:
            raise self._error()
        return lambda _: [constant]

    def _take(self, text: str, *, spaced: bool = False) -> bool:
        before = self._position
        if spaced:
            self._space()
        if self._text.startswith(text, self._position):
            self._position += len(text)
            return True
        self._position = before
        return False

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._position)
        if found is not None:
            self._position = found.end()
        return found

    def _space(self) -> None:
        self._match(_SPACE)

    def _error(self) -> JsonPathError:
        return JsonPathError(
            f"{self._text!r} is no supported JSONPath from character "
            f"{self._position + 1} on"
        )


def _compare(operator: str, left: list[Json], right: list[Json]) -> bool:
    """Compare as RFC 9535 section 2.3.5.2.2 does; nothing equals only nothing."""
    if len(left) > 1 or len(right) > 1:
        return False
    if operator in ("==", "!="):
        same = _kind(left) == _kind(right) and left == right
        return same if operator == "==" else not same
    if not left or not right:
        return operator in ("<=", ">=") and left == right
    one, other = left[0], right[0]
    if isinstance(one, str) and isinstance(other, str):
        return _ordered(operator, (one > other) - (one < other))
    if _kind(left) == _kind(right) == "number":
        difference = float(str(one)) - float(str(other))
        return _ordered(operator, (difference > 0) - (difference < 0))
    return operator in ("<=", ">=") and one == other


def _ordered(operator: str, sign: int) -> bool:
    found = {"<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}
    return found[operator]


def _kind(values: list[Json]) -> str:
    """Tell true from 1, which are equal to Python."""
    if not values:
        return "nothing"
    value = values[0]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return type(value).__name__
