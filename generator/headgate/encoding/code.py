"""The one type that may reach a template: text that an encoder has made safe.

A value from a document is a `str`; a template prints only `Code`. Nothing but an
encoder turns the first into the second, so text from a document cannot become
code by being forgotten.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ParamSpec, cast, final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import LiteralString

_P = ParamSpec("_P")

_bare = object.__new__


@final
class Code:
    """Source text of a target language, made by an encoder."""

    __slots__ = ("text",)

    text: str

    def __init__(self) -> None:
        """Refuse to be made: `encoded` makes it, without coming by here."""
        raise TypeError("Code is made by encoders only")

    def __repr__(self) -> str:
        """Show the text, for test failures."""
        return f"Code({self.text!r})"

    def __eq__(self, other: object) -> bool:
        """Compare by text."""
        return isinstance(other, Code) and other.text == self.text

    def __hash__(self) -> int:
        """Hash by text."""
        return hash(self.text)

    def __bool__(self) -> bool:
        """Say whether there is any text, so that templates can leave it out."""
        return bool(self.text)

    def __len__(self) -> int:
        """Give the number of characters, for layout."""
        return len(self.text)


def encoded(text: str) -> Code:
    """Vouch for `text`: for the encoders of this package alone.

    A test holds every call of it inside `headgate.encoding`.
    """
    code = _bare(Code)
    code.text = text
    return code


def remembered(encode: Callable[_P, Code]) -> Callable[_P, Code]:
    """Keep what an encoder makes: a document says the same thing in many places."""
    return cast("Callable[_P, Code]", lru_cache(maxsize=16_384)(encode))


_FIXED: dict[str, Code] = {}


def fixed(text: LiteralString) -> Code:
    """Take text written in our own source, which is safe by being ours."""
    known = _FIXED.get(text)
    if known is None:
        known = _FIXED[text] = encoded(text)
    return known


def joined(separator: LiteralString, parts: Iterable[Code]) -> Code:
    """Join code with fixed text."""
    return encoded(separator.join([part.text for part in parts]))


def after(text: LiteralString, code: Code) -> Code:
    """Put fixed text before code."""
    return encoded(text + code.text)


def assembled(template: LiteralString, *parts: Code) -> Code:
    """Fill the `{}` places of fixed text with code.

    A brace of the text itself is doubled, as in `str.format`.
    """
    return encoded(template.format(*[part.text for part in parts]))
