"""Personal data and secrets in text: how they look, and taking them out."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from headgate_gateway.json import is_list, is_object

# Where it can, a pattern begins with the characters that its finds begin with: these
# are searched for many times faster. What may not stand before them is looked at then.
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")
_VENDORS = ("sk", "pk", "rk", "ghp", "gho", "xox[bap]")
_BEARER = r"(?i:earer)\s+[A-Za-z0-9._~+/-]{16,}"

PATTERNS: Mapping[str, re.Pattern[str]] = {
    "email": _EMAIL,
    "ssn": re.compile(r"\d(?<!\d\d)\d{2}-\d{2}-\d{4}(?!\d)"),
    "credit_card": re.compile(r"\d(?<!\d\d)[ -]?(?:\d[ -]?){11,17}\d(?!\d)"),
    "phone": re.compile(
        r"[+\d](?<![\w.][+\d])(?:(?<=\+)\d{1,3}|(?<=\d)\d{0,2})"
        r"[ .-]?\(?\d{2,4}\)?(?:[ .-]\d{2,4}){2,3}"
    ),
    "api_key": re.compile(
        "|".join(
            (
                *(rf"{vendor}[-_][A-Za-z0-9_-]{{16,}}" for vendor in _VENDORS),
                r"AKIA[0-9A-Z]{16}",
                r"hg_v1_\w{8,}",
                f"b{_BEARER}",
                f"B{_BEARER}",
            )
        )
    ),
}
"""What is looked for, by name; of what overlaps the first takes it."""


class Finder(Protocol):
    """A pattern, of whichever engine."""

    def subn(self, repl: str, string: str, /) -> tuple[str, int]:
        """The text with what is found replaced, and how often."""
        ...


def redact_text(
    text: str, patterns: Iterable[tuple[str, Finder]]
) -> tuple[str, list[str]]:
    """The text without what the patterns find, and the names of those that found."""
    found: list[str] = []
    for name, pattern in patterns:
        if pattern is _EMAIL and "@" not in text:
            continue
        text, count = pattern.subn(f"[{name}]", text)
        if count:
            found.append(name)
    return text, found


def redact_value(
    value: Any, patterns: list[tuple[str, Finder]], found: set[str]
) -> Any:
    """The JSON value with every string redacted; ``found`` gets the names."""
    if isinstance(value, str):
        text, names = redact_text(value, patterns)
        found.update(names)
        return text
    if is_list(value):
        return [redact_value(item, patterns, found) for item in value]
    if is_object(value):
        return {key: redact_value(item, patterns, found) for key, item in value.items()}
    return value
