"""What is wrong with a declaration, each thing with its pointer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from headgate.document.json_values import Json, JsonObject, Tokens, kind_of, pointer

_Choice = TypeVar("_Choice", bound=str)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a declaration; `pointer` leads to it in the bundled document."""

    code: str
    pointer: str
    message: str


@dataclass(slots=True)
class Notes:
    """Problems collected while a declaration is read."""

    root: Tokens
    found: list[Problem] = field(default_factory=list[Problem])

    def add(self, code: str, at: Tokens, message: str) -> None:
        """Note a problem at a place below the declaration's root."""
        self.found.append(Problem(code, pointer((*self.root, *at)), message))

    def object_at(self, value: Json, at: Tokens) -> JsonObject:
        """Give an object, or note that there is none and go on with an empty one."""
        if isinstance(value, dict):
            return value
        if value is not None:
            self._expected("an object", value, at)
        return {}

    def list_at(self, value: Json, at: Tokens) -> list[Json]:
        """Give a list, or note that there is none and go on with an empty one."""
        if isinstance(value, list):
            return value
        if value is not None:
            self._expected("a list", value, at)
        return []

    def text_at(self, value: Json, at: Tokens) -> str | None:
        """Give a string, or note that there is none."""
        if isinstance(value, str):
            return value
        if value is not None:
            self._expected("a string", value, at)
        return None

    def texts_at(self, value: Json, at: Tokens) -> tuple[str, ...]:
        """Give a list of strings; a single string stands for a list of one."""
        if isinstance(value, str):
            return (value,)
        texts = [
            self.text_at(item, (*at, str(number)))
            for number, item in enumerate(self.list_at(value, at))
        ]
        return tuple(text for text in texts if text is not None)

    def choice_at(
        self, value: Json, at: Tokens, choices: tuple[_Choice, ...]
    ) -> _Choice:
        """Give one of the choices, the first if there is no value or a wrong one."""
        for choice in choices:
            if value == choice:
                return choice
        if value is not None:
            known = ", ".join(choices)
            self.add("stream-shape", at, f"{value!r} is none of: {known}")
        return choices[0]

    def known_keys(self, value: JsonObject, at: Tokens, keys: frozenset[str]) -> None:
        """Note every key that means nothing here."""
        for key in value:
            if key not in keys and not key.startswith("x-"):
                message = f"{key!r} means nothing here"
                self.add("stream-unknown-key", (*at, key), message)

    def _expected(self, expected: str, value: Json, at: Tokens) -> None:
        self.add("stream-shape", at, f"expected {expected}, not {kind_of(value)}")
