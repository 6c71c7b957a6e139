"""Personal data and secrets in text: how they look, and taking them out."""

import re
from collections.abc import Iterable, Mapping
from string import ascii_letters, digits
from typing import Any, Protocol

from headgate_gateway.json import is_list, is_object


class Finder(Protocol):
    """A pattern, of whichever engine."""

    def subn(self, repl: str, string: str, /) -> tuple[str, int]:
        """The text with what is found replaced, and how often."""
        ...


class _Addresses:
    """E-mail addresses: up to 64 characters, an ``@`` and a domain.

    They are looked for from the ``@`` outward. To begin with the characters before it
    takes 64 times as long, since each of a long text may be the first.
    """

    _LOCAL = ascii_letters + digits + "._%+-"
    _LONGEST_LOCAL = 64
    _DOMAIN = re.compile(r"@(?<=[A-Za-z0-9._%+-]@)[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")

    def subn(self, repl: str, string: str, /) -> tuple[str, int]:
        """The text with each address replaced, and how many there were."""
        pieces: list[str] = []
        count = done = 0
        for domain in self._DOMAIN.finditer(string):
            at, end = domain.span()
            start = max(done, at - self._LONGEST_LOCAL)
            before = string[start:at].rstrip(self._LOCAL)
            # What is before it may belong to the address before.
            if start + len(before) < at:
                pieces += (string[done:start], before, repl)
                count, done = count + 1, end
        return ("".join([*pieces, string[done:]]), count) if count else (string, 0)


# Where it can, a pattern begins with the characters that its finds begin with: these
# are searched for many times faster. What may not stand before them is looked at then.
# From each beginning a pattern takes a bounded number of steps, and what it would only
# take back in vain it keeps (`?+`): the text is the caller's, and the loop waits.
_VENDORS = ("sk", "pk", "rk", "ghp", "gho", "xox[bap]")
_DIGIT = r"[ -]?+\d"
_GROUP = r"[ .-]\d{2,4}+"
_BEARER = r"(?i:earer)\s+[A-Za-z0-9._~+/-]{16,}"

PATTERNS: Mapping[str, Finder] = {
    "email": _Addresses(),
    "ssn": re.compile(r"\d(?<!\d\d)\d{2}-\d{2}-\d{4}(?!\d)"),
    "credit_card": re.compile(
        # Written out: to count groups takes several times as long.
        rf"\d(?<!\d\d){_DIGIT * 11}(?:{_DIGIT}){{0,6}}{_DIGIT}(?!\d)"
    ),
    "phone": re.compile(
        r"[+\d](?<![\w.][+\d])(?:(?<=\+)\d{1,3}|(?<=\d)\d{0,2})"
        rf"[ .-]?+\(?+\d{{2,4}}+\)?+{_GROUP * 2}(?:{_GROUP})?"
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


def redact_text(
    text: str, patterns: Iterable[tuple[str, Finder]]
) -> tuple[str, list[str]]:
    """The text without what the patterns find, and the names of those that found."""
    found: list[str] = []
    for name, pattern in patterns:
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
